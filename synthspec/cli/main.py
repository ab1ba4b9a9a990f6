"""run: arguments to exit code; every exception becomes one readable message and its code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from synthspec import __version__
from synthspec.cli.group import LazyGroup
from synthspec.cli.output import Output
from synthspec.cli.shared import Shared, shared_of
from synthspec.cli.verbs import VERBS
from synthspec.errors import SynthspecError

INTERRUPTED = 130
PIPE = 141
USAGE = 2
CRASH = 70


def program() -> click.Group:
    """Return the command `synthspec` with all its verbs."""
    group = LazyGroup(
        name="synthspec",
        verbs=VERBS,
        help="Declare a table, its rules and a privacy budget; get a priced plan, private synthetic rows "
        "and evidence. Start with `synthspec demo`, or `synthspec init --names-only FILE`.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    return click.version_option(__version__, prog_name="synthspec")(group)


def run(arguments: Sequence[str]) -> int:
    """Run the command line on `arguments` and return the exit code (LANGUAGE 3.2)."""
    meta: dict[str, object] = {}
    output = Output(Shared(json="--json" in arguments))
    try:
        group = program()
        with group.make_context("synthspec", list(arguments)) as context:
            meta = context.meta
            result = group.invoke(context)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as wrong:
        return _usage(output, _verb(meta), wrong)
    except SynthspecError as error:
        output = Output(shared_of(meta)) if meta else output
        output.failure(_verb(meta), error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as stopped:
        output.interrupted(_verb(meta), getattr(stopped, "message", ""))
        return INTERRUPTED
    except BrokenPipeError:
        # a stream that is not written through `Output`; what the verb was to do may not be done
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE
    except OSError as error:
        return _file_fault(output, _verb(meta), error)
    except Exception as error:
        return _crash(output, _verb(meta), error)


def _verb(meta: dict[str, object]) -> str:
    return str(meta.get("synthspec.verb", "error"))


def _usage(output: Output, verb: str, wrong: click.ClickException) -> int:
    if output.shared.json:
        output.document(
            verb,
            {
                "ok": False,
                "exit_code": USAGE,
                "diagnostics": [{"code": None, "level": "error", "message": wrong.format_message()}],
            },
        )
    else:
        output.always(f"error: {wrong.format_message()}")
        context = getattr(wrong, "ctx", None)
        if context is not None:
            output.always(f"  = help: `{context.command_path} --help`")
    return USAGE


def _file_fault(output: Output, verb: str, error: OSError) -> int:
    """Say what the system says about a file that the command line or the spec names."""
    from synthspec.errors import SpecError

    where = f" `{error.filename}`" if error.filename else ""
    reason = (os.strerror(error.errno) if error.errno else type(error).__name__).lower()
    fault = SpecError(
        "S150",
        f"a file cannot be used{where}: {reason}",
        helps=("check the path, its permissions and the space left on the disk",),
    )
    output.failure(verb, fault)
    return fault.exit_code


def _crash(output: Output, verb: str, error: Exception) -> int:
    from synthspec.cli.crash import write_crash

    output.crashed(verb, write_crash(error))
    return CRASH
