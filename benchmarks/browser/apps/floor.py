"""The least that a marimo app can do: one slider, one plotly bar chart."""
# ruff: noqa: ANN001, ANN202, B018 - the cells of marimo are functions without types, and show their last expression

import marimo

app = marimo.App(width="full")


@app.cell
def _():
    import marimo as mo
    import plotly.graph_objects as go

    return go, mo


@app.cell
def _(mo):
    weeks = mo.ui.slider(start=4, stop=52, step=2, value=26, label="Project window (weeks)", show_value=True)
    weeks
    return (weeks,)


@app.cell
def _(go, weeks):
    go.Figure(go.Bar(x=["large", "small"], y=[weeks.value, 56 - weeks.value]), layout={"height": 380})
    return


if __name__ == "__main__":
    app.run()
