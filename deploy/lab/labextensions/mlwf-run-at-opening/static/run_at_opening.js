// Runs the notebooks that a deployment names as soon as they are opened. For JupyterLab, Notebook 7 and JupyterLite.
//
// They are named by their path in page_config.json: {"runAtOpening": {"notebooks/constraint_tax.ipynb": true}}. Nothing that
// stands in a notebook can bring it to be run. docs/binder.md says why, and what that means for security.
//
// A prebuilt extension is a container of module federation. This one has one module and is written by hand: nothing is built.
(() => {
  const NAME = "mlwf-run-at-opening";
  let packages;

  // The application's own copy of one of its packages.
  const load = async name => (await Object.values(packages[name])[0].get())();

  async function run(panel, context, NotebookActions) {
    const { content: notebook } = panel;
    await Promise.all([context.ready, context.sessionContext.ready, panel.revealed]);
    const kernel = context.sessionContext.session?.kernel;
    if (!kernel) return;
    // Of a kernel that has run something, what it shows is left as it is.
    const { content: reply } = await kernel.requestExecute({ code: "", silent: true }).done;
    const first = notebook.widgets.find(cell => cell.model.type === "code");
    if (panel.isDisposed || !first || (reply.execution_count > 0 && first.model.executionCount !== null)) return;
    // Not as the menu does it, which leads to the notebook's end.
    await NotebookActions.runCells(notebook, notebook.widgets, context.sessionContext);
  }

  const plugin = {
    id: `${NAME}:plugin`,
    description: "Runs the notebooks that the deployment names as soon as they are opened.",
    autoStart: true,
    activate: async app => {
      const [{ PageConfig }, { NotebookActions }] = await Promise.all(
        ["@jupyterlab/coreutils", "@jupyterlab/notebook"].map(load)
      );
      const paths = JSON.parse(PageConfig.getOption("runAtOpening") || "[]");
      app.docRegistry.addWidgetExtension("Notebook", {
        createNew: (panel, context) => {
          if (paths.includes(context.localPath)) void run(panel, context, NotebookActions);
        }
      });
    }
  };

  (window._JUPYTERLAB ??= {})[NAME] = {
    init: shared => { packages = shared; },
    get: async () => () => ({ __esModule: true, default: plugin })
  };
})();
