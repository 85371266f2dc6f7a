"""The notebook under reports/ runs from the first cell to the last."""

import pytest
from witnesses import ROOT


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_first_steps_runs():
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "reports" / "first_steps.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("odds" in str(output.get("data", {}).get("text/html", "")).lower() for output in outputs)
