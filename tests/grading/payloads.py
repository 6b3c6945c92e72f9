r"""Answers that are programs: a grader that runs one leaves a file in its working folder.

Each of `PAYLOADS` would make the file `zq` if some part of it were executed by Python, by a shell,
by pickle or by TeX. They go through the doors that graders have left open: `eval`, sympy's
`parse_expr`/`sympify`/`lambdify`, string formatting, and answers that look like a list or a matrix.
The name is no unit: some graders strip units before they evaluate.
"""

OPEN = "open('zq','w')"
SYSTEM = "__import__('os').system('touch zq')"


def _spelled(code: str) -> str:
    """The code as a sum of `chr(...)`: no quotes, hardly any letters."""
    return "+".join(f"chr({ord(c)})" for c in code)


PAYLOADS: dict[str, str] = {
    "open": OPEN,
    "open in brackets": f"[{OPEN}]",
    "open in a tuple": f"({OPEN},1)",
    "open in braces": f"\\{{{OPEN}\\}}",
    "open as a term": f"1+0*hash({OPEN})",
    "open in a comprehension": f"[x for x in [{OPEN}]]",
    "open in a condition": f"1 if {OPEN} else 2",
    "open assigned": f"(x:={OPEN})",
    "open after x=": f"x={OPEN}",
    "open in text": f"\\text{{{OPEN}}}",
    "open in dollars": f"${OPEN}$",
    "open in a root": f"\\sqrt{{{OPEN}}}",
    "open in a fraction": f"\\frac{{{OPEN}}}{{2}}",
    "open as an operator": r"\operatorname{open}('zq','w')",
    "open in a matrix": f"\\begin{{pmatrix}}{OPEN}\\\\2\\end{{pmatrix}}",
    "open with pi": f"\\pi+len([{OPEN}])",
    "open in wide letters": "\uff4f\uff50\uff45\uff4e('zq','w')",
    "print to a file": f"print(1,file={OPEN})",
    "eval": f'eval("{OPEN}")',
    "eval, spelled": f"eval({_spelled(OPEN)})",
    "exec": f'exec("{OPEN}")',
    "exec, spelled": f"exec({_spelled(OPEN)})",
    "exec with pi": f"\\pi+exec({_spelled(OPEN)})",
    "compile": f"exec(compile({_spelled(OPEN)},chr(49),{_spelled('exec')}))",
    "import": SYSTEM,
    "import mkdir": "__import__('os').mkdir('zq')",
    "import, spelled": f"__import__({_spelled('os')}).mkdir(chr(122))",
    "import statement": "import os;os.mkdir('zq')",
    "os.system": "os.system('touch zq')",
    "subprocess": "__import__('subprocess').call(['touch','zq'])",
    "lambda": f"(lambda: {OPEN})()",
    "lambda with a default": f"lambda x={OPEN}: x",
    "getattr": "getattr(__builtins__,'open')('zq','w')",
    "getattr, spelled": f"getattr(__import__({_spelled('os')}),{_spelled('mkdir')})(chr(122))",
    "globals": "globals()['__builtins__']['open']('zq','w')",
    "subclasses": "[c for c in ().__class__.__base__.__subclasses__() if c.__name__=='_wrap_close']"
    "[0].__init__.__globals__['system']('touch zq')",
    "type": f"type('x',(),{{'__init__':lambda s:{OPEN}}})()",
    "format": f'"{{}}".format({OPEN})',
    "percent format": f"'%s'%{OPEN}",
    "f-string": f"f'{{{SYSTEM}}}'".replace("'os'", '"os"').replace("'touch zq'", '"touch zq"'),
    "pickle": "__import__('pickle').loads(b\"cos\\nmkdir\\n(S'zq'\\ntR.\")",
    "yaml": "!!python/object/apply:os.mkdir ['zq']",
    "sympy lambdify": f'lambdify([],"{OPEN}")()',
    "sympy sympify": f'sympify("{OPEN}")',
    "sympy S": f'S("{OPEN}")',
    "sympy parse_expr": f'parse_expr("{OPEN}")',
    "sympy N": f'N("{OPEN}")',
    "sympy Symbol": "Symbol.__init__.__globals__['__builtins__']['open']('zq','w')",
    "sympy class": "Symbol('x').__class__.__mro__[-1].__subclasses__()",
    "sympy subs": f"Symbol('x').subs('x',\"{OPEN}\")",
    "sympy import": "import_module('os').mkdir('zq')",
    "sympy Lambda": f'Lambda(x,"{OPEN}")(1)',
    "shell": "$(touch zq)",
    "shell ticks": "`touch zq`",
    "shell after a semicolon": "1; touch zq",
    "tex write": r"\immediate\write18{touch zq}",
    "tex input": r"\input{|touch zq}",
}
GOLDS: tuple[str, ...] = (
    "5",
    r"2\pi",
    "[1,2]",
    r"\begin{pmatrix}1\\2\end{pmatrix}",
    "x+1",
)
"""References of the kinds that lead graders down different paths."""
