"""Processes of overblock that are forked from one in which everything is imported already.

A process of its own spends more time on imports than on what most tests ask of it. What is forked
here is one too, with signals, files and an exit code of its own, and ends as any script does.
"""

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

SERVER = """\
import json, os, signal, socket, sys

# What a run, a study, a report and figures take; none of it starts a thread.
import duckdb, scipy.stats, typer.rich_utils
import matplotlib.backends.backend_agg, matplotlib.backends.backend_svg
import sim.addresses.feeds.formats, sim.addresses.feeds.normal, sim.blocklists.exposure
import sim.cli.app, sim.engine.run, sim.experiment.runs, sim.experiment.executors.task
import sim.report.figures.kinds, sim.report.page.document
import sim.experiment.pipeline, sim.experiment.studies

# However busy the machine is.
sim.experiment.pipeline.MOST_WRITING_S = 600.0

def asked():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(fileno=int(sys.argv[1]))
    while True:
        data, handles, _, _ = socket.recv_fds(listening, 2**20, 3)
        if not data:
            os._exit(0)
        if os.fork() == 0:
            break
        for handle in handles:
            os.close(handle)
    # The first child waits for the second, which goes on as the script.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    listening.close()
    out, err, ended = handles
    child = os.fork()
    if child:
        os.close(out)
        os.close(err)
        _, status = os.waitpid(child, 0)
        os.write(ended, str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    os.close(ended)
    told = json.loads(data)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = ["-c", *told["arguments"]]
    sys.path[0] = ""
    return compile(told["code"], "<string>", "exec")

exec(asked(), {"__name__": "__main__"})
"""


@cache
def _server() -> socket.socket:
    """The connection to the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(theirs.fileno())],
        pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    theirs.close()

    def end() -> None:
        ours.close()
        server.wait()

    atexit.register(end)
    return ours


def run_code(
    code: str,
    arguments: Sequence[str],
    *,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a script in a forked process, here if no folder is given, and wait for its end.

    ``-w 1`` alone: workers would import the main module, and there is none.
    """
    told = {
        "code": code,
        "arguments": list(arguments),
        "folder": str(folder or Path.cwd()),
        "environment": dict(os.environ if environment is None else environment),
    }
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        ended, write_end = os.pipe()
        socket.send_fds(
            _server(), [json.dumps(told).encode()], [out.fileno(), err.fileno(), write_end]
        )
        os.close(write_end)
        with open(ended, encoding="utf-8") as exit_code:
            assert select.select([exit_code], [], [], 300)[0], "it runs on after five minutes"
            code_of_exit = int(exit_code.read())
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(arguments, code_of_exit, *texts)
