"""The race as the published lab builds it: marimo cells that react to sliders, a plotly chart, HTML cards, a status bar.

Written anew, with the published structure: one cell for the controls, one for cards, formulas and chart, one for the energy
verdict, one for the status bar; and, as there, one point a week on each curve. Physics by `mlwf.model`.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - the cells of marimo are functions without types

import marimo

app = marimo.App(width="full")


@app.cell
def _():
    import marimo as mo
    import plotly.graph_objects as go

    from mlwf import model

    return go, mo, model


@app.cell
def _(mo):
    context = mo.ui.radio(
        {"Cloud": "cloud", "On the phone": "mobile"}, value="Cloud", label="Training runs", inline=True
    )
    large_cycle = mo.ui.slider(
        steps=[1, 24, 168, 336], value=168, label="Cycle of the large model (h)", show_value=True
    )
    small_cycle = mo.ui.slider(
        steps=[1, 4, 12, 24, 168], value=1, label="Cycle of the small model (h)", show_value=True
    )
    decay = mo.ui.slider(steps=[0.90, 0.95, 0.99, 1.0], value=0.95, label="Decay of the gain", show_value=True)
    weeks = mo.ui.slider(start=4, stop=52, step=2, value=26, label="Project window (weeks)", show_value=True)
    session = mo.ui.slider(start=0.5, stop=24, step=0.5, value=2, label="One iteration needs (h)", show_value=True)
    mo.vstack(
        [
            context,
            mo.hstack(
                [mo.vstack([large_cycle, small_cycle, session]), mo.vstack([decay, weeks])], justify="start", gap=3
            ),
        ]
    )
    return context, decay, large_cycle, session, small_cycle, weeks


@app.cell
def _():
    def card(label, value, note, colour="#006395"):
        return (
            '<div style="border: 1px solid #d7dee8; border-radius: 8px; padding: 12px 18px; min-width: 150px">'
            f'<div style="color: #475569; font-size: 0.8rem; font-weight: 600">{label}</div>'
            f'<div style="color: {colour}; font-size: 2rem; font-weight: 800">{value}</div>'
            f'<div style="color: #475569; font-size: 0.75rem">{note}</div></div>'
        )

    return (card,)


@app.cell
def race(card, decay, go, large_cycle, mo, model, small_cycle, weeks):
    _large = model.large_strategy(large_cycle.value, decay.value)
    _small = model.small_strategy(small_cycle.value, decay.value)
    _found = model.crossover(_small, _large, weeks.value)
    _hours = [week * model.HOURS_PER_WEEK for week in range(weeks.value + 1)]

    _chart = go.Figure()
    for _strategy, _name, _colour, _dash in (
        (_large, "large model", "#006395", "solid"),
        (_small, "small model", "#008F45", "dash"),
    ):
        _chart.add_trace(
            go.Scatter(
                x=list(range(weeks.value + 1)),
                y=[float(value) for value in _strategy.accuracy_at(_hours)],
                mode="lines",
                name=_name,
                line={"color": _colour, "width": 2.5, "dash": _dash},
            )
        )
        _chart.add_hline(y=_strategy.limit(), line_color=_colour, line_dash="dot", line_width=1)
    if weeks.value >= 20:
        _chart.add_vline(x=20, line_color="#CC5500", line_dash="dot", annotation_text="week 20")
    if _found.hour is not None:
        _chart.add_vline(
            x=_found.hour / model.HOURS_PER_WEEK,
            line_color="#008F45",
            line_dash="longdash",
            annotation_text=f"level at hour {_found.hour:,}",
            annotation_position="bottom right",
        )
    _chart.update_layout(
        title={
            "text": f"{_found.leader_iterations:,} iterations of the large model, {_found.challenger_iterations:,} of the small one, in {weeks.value} weeks",
            "font": {"size": 13},
        },
        xaxis={"title": "project week", "range": [0, weeks.value], "gridcolor": "#e2e8f0"},
        yaxis={"title": "accuracy (%)", "range": [85, 100], "gridcolor": "#e2e8f0"},
        height=380,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "xanchor": "left", "x": 0},
        margin={"l": 50, "r": 20, "t": 70, "b": 50},
        plot_bgcolor="white",
        paper_bgcolor="white",
        font={"size": 12, "color": "#1e293b"},
    )

    _ratio = large_cycle.value / small_cycle.value
    _cards = mo.Html(
        '<div class="bench-cards" style="display: flex; gap: 14px; flex-wrap: wrap; margin: 12px 0">'
        + card("Large model, final", f"{_found.leader_final:.1f} %", f"{_found.leader_iterations:,} iterations")
        + card("Small model, final", f"{_found.challenger_final:.1f} %", f"{_found.challenger_iterations:,} iterations")
        + card(
            "Crossover",
            "never" if _found.week is None else f"week {_found.week}",
            "behind all along" if _found.hour is None else f"level at hour {_found.hour:,}",
        )
        + card("Cycle ratio", f"{_ratio:g}×", "small model against large")
        + "</div>"
    )
    _total = weeks.value * model.HOURS_PER_WEEK
    _physics = mo.md(
        f"""
```
hours in the window  = {weeks.value} × {model.HOURS_PER_WEEK} = {_total:,}
iterations, large    = {_total:,} / {large_cycle.value} = {_found.leader_iterations:,}
iterations, small    = {_total:,} / {small_cycle.value} = {_found.challenger_iterations:,}
accuracy, large      = {_large.start:g} + {_large.gain:g} × (1 − {decay.value:g}^{_found.leader_iterations}) / (1 − {decay.value:g}) = {_found.leader_final:.2f} %
accuracy, small      = {_small.start:g} + {_small.gain:g} × (1 − {decay.value:g}^{_found.challenger_iterations}) / (1 − {decay.value:g}) = {_found.challenger_final:.2f} %
```
"""
    )
    mo.vstack([_cards, _physics, mo.as_html(_chart)])
    return


@app.cell
def energy(context, large_cycle, mo, model, session, small_cycle, weeks):
    _cycles = {"large": large_cycle.value, "small": small_cycle.value}
    if context.value == "mobile":
        _budgets = {name: model.battery_budget(model.MOBILE, cycle, session.value) for name, cycle in _cycles.items()}
        _kind = "success" if all(budget.fits for budget in _budgets.values()) else "danger"
        _lines = [
            f"The {name} model asks for **{budget.wh_per_day:.4g} Wh** a day of a battery of {budget.battery_wh:g} Wh."
            for name, budget in _budgets.items()
        ]
    else:
        _bills = {
            name: model.cloud_bill(model.CLOUD, cycle, session.value, weeks.value) for name, cycle in _cycles.items()
        }
        _kind = "info"
        _lines = [
            f"The {name} model: **{bill.kwh:,.1f} kWh** and ${bill.dollars:,.0f} in {weeks.value} weeks."
            for name, bill in _bills.items()
        ]
    mo.callout(mo.md("\n\n".join(_lines)), kind=_kind)
    return


@app.cell
def status(context, decay, large_cycle, mo, model, small_cycle, weeks):
    _found = model.crossover(
        model.small_strategy(small_cycle.value, decay.value),
        model.large_strategy(large_cycle.value, decay.value),
        weeks.value,
    )
    _entries = (
        ("Lab", "03 ML Workflow"),
        ("Training", "cloud" if context.value == "cloud" else "on the phone"),
        ("Cycles", f"{small_cycle.value} h small, {large_cycle.value} h large"),
        ("Crossover", "never" if _found.week is None else f"week {_found.week}"),
    )
    mo.Html(
        '<div class="bench-status" style="display: flex; gap: 20px; padding: 12px 20px; background: #1e293b; color: white; border-radius: 10px">'
        + "".join(f"<div>{_name} <b>{_value}</b></div>" for _name, _value in _entries)
        + "</div>"
    )
    return


if __name__ == "__main__":
    app.run()
