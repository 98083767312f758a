"""A notebook with every kind of output, cell by cell, for comparing the ways of running a notebook."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CELLS = {
    "parameters": "study = 'none'\nrounds = 1",
    "print and display in turn": """\
from IPython.display import HTML, display
print("first")
display(HTML("<b>second</b>"))
print("third")
display({"text/plain": "fourth"}, raw=True)
print("fifth", study, rounds)""",
    "trailing frame": "import numpy as np, pandas as pd\nframe = pd.DataFrame({'x': range(9), 'y': np.arange(9) ** 2})\nframe",
    "trailing fit": "import statsmodels.formula.api as smf\nsmf.ols('y ~ x', frame).fit().params",
    "fit's summary": "smf.ols('y ~ x', frame).fit().summary().tables[1]",
    "figure at a cell's end": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('drawn')",
    "several figures": "for height in (1, 2):\n    plt.figure(figsize=(2, height))\n    plt.plot([1, height])\nprint('two')",
    "shown and closed figures": "plt.plot([1, 2])\nplt.show()\nprint('after')\nfigure, axes = plt.subplots()\nplt.close(figure)",
    "figure as a result": "figure",
    "seaborn": "import seaborn as sns\naxes = sns.scatterplot(frame, x='x', y='y')",
    "vector figures": "%config InlineBackend.figure_formats = ['svg']\nfrom matplotlib import rcParams\nrcParams['svg.hashsalt'] = 'fixed'\nplt.plot([3, 1]);",
    "inline": "%matplotlib inline\nplt.plot([2, 1])\nNone",
    "warning": "import warnings\nwarnings.warn('mind this')\nwarnings.warn('and that', DeprecationWarning)",
    "standard error": "import sys\nprint('to error', file=sys.stderr)\nsys.stderr.write('more\\n')\nsys.stdout.write('out\\n')",
    "logging": "import logging\nlogging.warning('a warning')\nlogging.basicConfig(level='INFO')\nlogging.getLogger('x').info('info')",
    "update": "handle = display('one', display_id='named')\nprint('between')\nhandle.update('two')",
    "update from another cell": "handle.update('three')\ndisplay('again', display_id='named')",
    "clear": "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('stays')",
    "clear and wait": "print('gone')\nclear_output(wait=True)\nprint('stays, too')\ndisplay('kept')\nclear_output(wait=True)",
    "widget": "import ipywidgets\nslider = ipywidgets.IntSlider(value=3, description='how many')\nslider",
    "widget changed": "slider.value = 7\nbox = ipywidgets.VBox([slider, ipywidgets.HTML('<i>x</i>')])\ndisplay(box)",
    "output widget": "out = ipywidgets.Output()\nwith out:\n    print('in the widget')\nprint('beside it')\nout",
    "interact": "ipywidgets.interact(lambda n: print('n is', n), n=(0, 4));",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\nprint('waited')\nawait asyncio.sleep(0.01, 'result')",
    "task": "async def later():\n    await asyncio.sleep(0.05)\n    print('task ran')\ntask = asyncio.ensure_future(later())",
    "task awaited": "import time\nawait task\nasyncio.get_running_loop().is_running()",
    "asyncio.run": "try:\n    asyncio.run(asyncio.sleep(0))\nexcept RuntimeError as error:\n    print(error)",
    "command": "!echo from a command; echo to error >&2",
    "command's lines": "lines = !echo one; echo two\nlines",
    "subprocess": "import subprocess\nprint(subprocess.run(['echo', 'captured'], capture_output=True, text=True).stdout)",
    "written by others": "import os\nos.system('echo by the system'); time.sleep(0.5)",
    "written to the handle": "os.write(1, b'by its number\\n'); time.sleep(0.5)\nos.write(2, b'to error\\n'); time.sleep(0.5)",
    "forked": "import multiprocessing\nchild = multiprocessing.get_context('fork').Process(target=print, args=('from a child',))\nchild.start(); child.join(); time.sleep(1)",
    "thread": "import threading\nthread = threading.Thread(target=lambda: (print('from a thread'), display('displayed there')))\nthread.start(); thread.join()",
    "carriage returns": "print('10 %\\r20 %\\r30 %')\nprint('kept')",
    "time": "%time 1 + 1\nNone",
    "capture": "%%capture caught\nprint('caught')\ndisplay('caught, too')",
    "caught": "caught.show()\nprint(repr(caught.stdout))",
    "file and shell magics": "%pwd\n%who_ls int",
    "bash": "%%bash\necho in bash",
    "question mark": "rounds?",
    "history of results": "3 * 7",
    "last result": "_ * 2, len(Out) > 5, In[1][:5]",
    "quiet result": "12;",
    "two results": "from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.ast_node_interactivity = 'all'\n1\n2",
    "displays of everything": """\
from IPython import display as shows
InteractiveShell.ast_node_interactivity = 'last_expr'
for thing in (shows.Markdown("*m*"), shows.Latex("$x$"), shows.Math("x^2"), shows.JSON({"a": [1, (2, 3)]}),
              shows.SVG("<svg xmlns='http://www.w3.org/2000/svg'/>"), shows.Javascript("1"), shows.Pretty("p"),
              shows.Code("x = 1", language="python"), shows.Image(url="x.png"), shows.IFrame("x.html", 9, 9),
              shows.FileLink("x.csv"), shows.HTML("<hr>", metadata={"isolated": True})):
    display(thing)
display(shows.Image(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(40), format="png", embed=True), metadata={"alt": "nothing"})""",
    "own formats": """\
class Both:
    def __repr__(self): return "plain"
    def _repr_html_(self): return "<i>html</i>"
    def _repr_mimebundle_(self, include=None, exclude=None): return {"application/x-own+json": {"n": 1}}
Both()""",
    "broken format": "class Broken:\n    def _repr_html_(self): raise ValueError('no html')\ndisplay(Broken.__name__)",
    "long output": "for number in range(3000):\n    print('line', number)",
    "input": "try:\n    input('name? ')\nexcept Exception as error:\n    print(type(error).__name__, error)",
    "names of the shell": "type(get_ipython()).__name__, __name__, '__file__' in globals(), sys.argv[0].endswith('.py') or sys.argv[0][-8:]",
    "environment": "os.environ['TERM'], os.environ['MPLBACKEND'], plt.get_backend(), hash('a') == hash('a'), sys.stdout.isatty(), sys.stdout.encoding",
    "not shown": "%xmode Plain\nNone",
    "caught error": "def inner():\n    return 1 / 0\ntry:\n    inner()\nexcept ZeroDivisionError:\n    import traceback\n    traceback.print_exc(limit=-1)",
    "last": "print('the end')",
}

FAILURES = {
    "raises": "def inner(x):\n    return 1 / x\ninner(0)",
    "in words": "class OwnError(Exception):\n    def _render_traceback_(self):\n        return ['OwnError: the sentence alone']\nraise OwnError('x')",
    "does not parse": "print('never'\nx = = 1",
    "exits": "import sys\nsys.exit(0)",
    "exits with a word": "import sys\nsys.exit('not today')",
    "assertion in a coroutine": "import asyncio\nawait asyncio.sleep(0)\nassert False, 'as said'",
    "chain": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('second') from error",
    "ends its process": "import os, time\nprint('before', flush=True)\ntime.sleep(0.5)\nos._exit(0)",
    "is killed": "import os, time\nprint('before', flush=True)\ntime.sleep(0.5)\nos.kill(os.getpid(), 9)",
}


def write_outputs(path: Path, cells: dict[str, str]) -> Path:
    """Write cells as a notebook, a heading above each; the first is the parameters'."""
    written = []
    for number, (title, source) in enumerate(cells.items()):
        tags = {"tags": ["parameters"]} if title == "parameters" else {}
        written.append(new_markdown_cell(f"## {title}", id=f"title-{number}"))
        written.append(new_code_cell(source, metadata=tags, id=f"cell-{number}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=written, metadata={"kernelspec": kernel}), path)
    return path
