"""The command line: `arena-conformance`, also `python -m conformance`. A module for each command."""

from __future__ import annotations

import sys

import click

from conformance import __version__
from conformance.cli.baseline import baseline
from conformance.cli.diff import diff
from conformance.cli.plan import plan
from conformance.cli.prove import prove
from conformance.cli.report import report
from conformance.cli.restore import restore
from conformance.cli.rules import rules
from conformance.cli.run import run
from conformance.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="arena-conformance")
def main() -> None:
    """Tests whether a server keeps the promises of Arena's page on reopening a
    quality process step (POST /qualityprocesses/statuschanges).

    \b
    Examples:
      arena-conformance run                      test the embedded Arena
      arena-conformance run --target arena.yaml  test the server of that file
      arena-conformance plan --target arena.yaml what that run would do
      arena-conformance restore --target FILE    undo what a killed run left
      arena-conformance serve --port 8080        an Arena for your own tests
      arena-conformance diff OLD NEW             what changed between two runs
      arena-conformance rules                    what is tested, and why

    \b
    Exit codes: 0 conforms, 1 a rule failed, 2 bad usage or target file,
    3 no verdict, 4 conforms, but behaves otherwise than the baseline.
    """


for command in (run, plan, restore, report, serve, diff, baseline, prove, rules):
    main.add_command(command)


def entry() -> None:
    """Runs the command line. What is interrupted ends with exit code 3; a run that has begun sees to that itself."""
    try:
        sys.exit(main.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        raise KeyboardInterrupt from None
