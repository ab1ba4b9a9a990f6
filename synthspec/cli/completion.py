"""synthspec completion: the completion script of a shell."""

from __future__ import annotations

import click

from synthspec.cli.group import Verb
from synthspec.cli.output import Output

_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName synthspec -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $env:COMP_WORDS = $commandAst.ToString()
    $env:COMP_CWORD = $commandAst.CommandElements.Count - [int]($wordToComplete -ne '')
    $env:_SYNTHSPEC_COMPLETE = 'bash_complete'
    synthspec | ForEach-Object { ($_ -split ',', 2)[1] } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
    Remove-Item Env:_SYNTHSPEC_COMPLETE
}
"""


@click.command("completion", cls=Verb)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
def command(shell: str) -> int:
    """Print the completion script of SHELL: `synthspec completion zsh > ~/.zfunc/_synthspec`."""
    from click.shell_completion import get_completion_class

    from synthspec.cli.main import program

    output = Output.here()
    if shell == "powershell":
        script = _POWERSHELL
    else:
        maker = get_completion_class(shell)
        assert maker is not None
        made = maker(program(), {}, "synthspec", "_SYNTHSPEC_COMPLETE")
        script = made.source_template % made.source_vars()
    output.result("completion", {"shell": shell, "script": script}, script.rstrip("\n"))
    return 0
