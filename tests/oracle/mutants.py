"""Are the tests of the engine any good? ``python -m tests.oracle.mutants [--modules …] [--every N]``.

Each small change of the engine's source (a comparison turned, a sign changed, a number off by one, a step left out) is
a mutant. It is killed when the oracle disagrees on a drawn corpus, or else when the unit and spec tests fail. Survivors
are printed with their line; the share of the killed is what counts. One mutant is one forked child.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "services.claims.benefits"
MODULES = ("stating", "lines", "case", "priced", "capping", "paying", "choosing", "refusing", "engine")
"""In the order in which they import each other: a changed one is followed by those above it."""
VARIABLE = "HEYI_MUTANT"
SUITES = (
    "tests/spec",
    *(
        f"tests/unit/benefits/test_{name}.py"
        for name in (
            "engine",
            "rules",
            "slip",
            "stating",
            "diseases",
            "document",
            "parts",
            "practice",
            "raises",
            "resting",
            "patient_part",
            "per_head",
        )
    ),
)
"""Without the property tests: the oracle draws more."""
POLICIES, CLAIMS = 60, 150
_CPU_SECONDS = 120
"""Of CPU that a mutant may take before it counts as hanging: how long it waits for a busy machine says nothing."""
_TOLD_EVERY = 25

_COMPARE: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_BINARY: dict[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """A change: module, where, what."""

    module: str
    number: int
    line: int
    what: str
    source: str


# ---------------------------------------------------------------- making them


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(path_of(module).read_text(encoding="utf-8"))
    for number, (node, what) in enumerate(_places(tree)):
        changed = copy.deepcopy(tree)
        twin, _ = list(_places(changed))[number]
        _change(twin, what, changed)
        source = ast.unparse(ast.fix_missing_locations(changed))
        yield Mutant(module, number, getattr(node, "lineno", 0), f"{what}: {ast.unparse(node)[:90]}", source)


def path_of(module: str) -> Path:
    """The file of a module."""
    return ROOT / PACKAGE.replace(".", "/") / f"{module}.py"


def _places(tree: ast.AST) -> Iterator[tuple[Any, str]]:
    """Every node that can be changed, and how."""
    decorators = [one for node in ast.walk(tree) for one in getattr(node, "decorator_list", ())]
    outside = {id(part) for one in decorators for part in ast.walk(one)}
    for node in ast.walk(tree):
        if id(node) in outside:
            continue
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
            yield node, "compare"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _BINARY:
            yield node, "arithmetic"
        elif isinstance(node, ast.BoolOp):
            yield node, "and/or"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node, "not"
        elif isinstance(node, ast.Constant) and type(node.value) in (int, bool):
            yield node, "constant"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            yield node, "call"
        elif isinstance(node, ast.If | ast.IfExp) and isinstance(node.test, ast.Name | ast.Attribute | ast.Call):
            yield node, "condition"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node, "left out"


def _change(node: Any, what: str, tree: ast.AST) -> None:
    if what == "compare":
        node.ops = [_COMPARE[type(node.ops[0])]()]
    elif what == "arithmetic":
        node.op = _BINARY[type(node.op)]()
    elif what == "and/or":
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif what == "not":
        node.op = ast.UAdd()
        node.operand = ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])
    elif what == "constant":
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    elif what == "call":
        node.func.id = _CALLS[node.func.id]
    elif what == "condition":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif what == "left out":
        node.value = ast.Constant(None)


def install(module: str, source: str) -> None:
    """Puts a source in the place of a module, and loads again what stands above it."""
    for name in MODULES[MODULES.index(module) :]:
        text = source if name == module else path_of(name).read_text(encoding="utf-8")
        space = importlib.import_module(f"{PACKAGE}.{name}").__dict__
        exec(compile(text, name, "exec"), space)


# ---------------------------------------------------------------- killing them


class Corpus:
    """Drawn policies and claims with the oracle's answers, parts of stays among them: each part stands on what the
    engine as it is said of those before."""

    def __init__(self, seed: str, policies: int = POLICIES) -> None:
        from services.claims.benefits.engine import adjudicate
        from tests.oracle import bridge, reference
        from tests.oracle.judging import World

        self.cases = []
        for number in range(policies):
            world = World(Random(f"{seed}/{number}"), number)
            for claim, used in world.claims(CLAIMS):
                expected = reference.decide(world.document, claim, used)
                so_far, policy = expected.pop("so_far"), bridge.for_claim(world.policy, claim)
                asked, facts = bridge.asked(claim, world.items, used)
                self.cases.append((asked, facts, policy, expected))
                world.count(expected["moves"], so_far, adjudicate(asked, facts, policy).so_far)

    def agrees(self) -> bool:
        """Whether the engine as it stands in this process agrees on every case."""
        from services.claims.benefits import engine
        from tests.oracle import bridge

        for claim, facts, policy, expected in self.cases:
            result = engine.adjudicate(claim, facts, policy)
            if bridge.told(result) != expected:
                return False
            if not {one.key for one in result.movements} <= set(engine.accumulators(claim, policy)):
                return False
        return True


def survives_corpus(corpus: Corpus, mutant: Mutant) -> bool:
    """Runs the corpus on a mutant in a child; a child that fails or hangs has killed it."""
    child = os.fork()
    if child == 0:
        try:
            _limit_cpu()
            install(mutant.module, mutant.source)
            os._exit(0 if corpus.agrees() else 1)
        except BaseException:  # whatever goes wrong, the mutant is seen
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _limit_cpu() -> None:
    """Ends this process when it has used its time; the limit counts from its start."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))


def survives_tests(mutant: Mutant) -> bool:
    """Runs the unit and spec tests on a mutant."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.oracle.mutated", *SUITES]
    environment = os.environ | {VARIABLE: f"{mutant.module}:{mutant.number}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, preexec_fn=_limit_cpu, check=False)
    return done.returncode == 0


def _surviving(mutants: list[Mutant], survives: Callable[[Mutant], bool], judge: str) -> Iterator[Mutant]:
    """Those that a judge does not kill, telling how far it is."""
    for number, mutant in enumerate(mutants, start=1):
        if survives(mutant):
            yield mutant
        if number % _TOLD_EVERY == 0 or number == len(mutants):
            print(f"{judge}: {number} of {len(mutants)} looked at", flush=True)


def main() -> int:
    """Prints the survivors and the share of the killed; 1 when fewer than nine in ten were killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", nargs="*", default=MODULES, choices=MODULES)
    parser.add_argument("--every", type=int, default=1, help="take one mutant in so many")
    parser.add_argument("--seed", default="mutants")
    options = parser.parse_args()
    corpus = Corpus(options.seed)
    for module in MODULES:
        unchanged = Mutant(module, -1, 0, "", ast.unparse(ast.parse(path_of(module).read_text(encoding="utf-8"))))
        assert survives_corpus(corpus, unchanged), f"{module} as it is must agree"
    made = [m for module in options.modules for m in mutants_of(module)][:: options.every]
    print(f"{len(made)} mutants, {len(corpus.cases)} drawn claims", flush=True)
    after_oracle = list(_surviving(made, lambda mutant: survives_corpus(corpus, mutant), "the oracle"))
    print(f"killed by the oracle: {len(made) - len(after_oracle)}", flush=True)
    survivors = []
    for mutant in _surviving(after_oracle, survives_tests, "the tests"):
        survivors.append(mutant)
        print(f"  survives {mutant.module}.py:{mutant.line} {mutant.what}", flush=True)
    killed = len(made) - len(survivors)
    print(f"killed {killed} of {len(made)} = {killed / len(made):.1%}")
    return 0 if killed * 10 >= len(made) * 9 else 1


if __name__ == "__main__":
    sys.exit(main())
