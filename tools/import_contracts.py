"""Two import contracts that import-linter does not have: what a capability keeps to itself, and the levels inside it.

Both read the names of modules: ``services.<service>.<capability>.<module>``. See .importlinter for where they apply.
"""

from __future__ import annotations

from dataclasses import dataclass

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

LEVELS = {"tables": 1, "store": 2, "queries": 3, "commands": 3, "api": 5, "events": 5, "cli": 5}
HELPER = 0  # pure rules and whatever else has no name of its own here: it must not know who calls it
PROCESSES = ("app", "worker")


@dataclass(frozen=True)
class Place:
    """Where a module stands in a service."""

    service: str
    capability: str
    module: str

    @property
    def kind(self) -> str:
        """``store`` for store.py and settling_store.py, ``api`` for api.py and so on, '' for a helper."""
        last = self.module.split(".")[0]
        return next((kind for kind in LEVELS if last == kind or last.endswith(f"_{kind}")), "")

    @property
    def level(self) -> int:
        """The rung of the module; a lower one never imports a higher."""
        return LEVELS.get(self.kind, HELPER)


def place_of(name: str) -> Place | None:
    """The place of a module inside a capability, None for anything else."""
    parts = name.split(".")
    if len(parts) < 4 or parts[0] != "services" or parts[2] == "migrations":
        return None
    return Place(parts[1], parts[2], ".".join(parts[3:]))


def _imports(graph: ImportGraph) -> list[tuple[str, str]]:
    return sorted(
        (importer, imported)
        for importer in graph.modules
        if importer.startswith("services.")
        for imported in graph.find_modules_directly_imported_by(importer)
        if imported.startswith("services.")
    )


class _NamedContract(Contract):
    """A contract that judges one import at a time."""

    reason = fields.StringField(required=False, default="")

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect the imports that the rule refuses."""
        refused = [pair for pair in _imports(graph) if self.refuses(*pair)]
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line an import."""
        for importer, imported in check.metadata["refused"]:
            output.print_error(f"{importer} -> {imported}", bold=False)

    def refuses(self, importer: str, imported: str) -> bool:
        """Whether this import breaks the contract."""
        raise AssertionError("a contract says what it refuses")


class CapabilityPrivacy(_NamedContract):
    """Nobody imports another capability's store or api; only a process imports an api."""

    type_name = "capability_privacy"

    def refuses(self, importer: str, imported: str) -> bool:
        """An import of a store or api from outside its capability."""
        target = place_of(imported)
        if target is None or target.kind not in ("store", "api"):
            return False
        source = place_of(importer)
        if source is None:
            return not (target.kind == "api" and importer.split(".")[-1] in PROCESSES)
        return (source.service, source.capability) != (target.service, target.capability)


class CapabilityLevels(_NamedContract):
    """app/worker ▸ api/events ▸ commands ▸ store + rules: a lower level never imports a higher one; the queries of a
    capability below are open to every level of one above, also to a store that joins them into its own round trip."""

    type_name = "capability_levels"

    def refuses(self, importer: str, imported: str) -> bool:
        """An import upwards, or of a process by anybody."""
        source, target = place_of(importer), place_of(imported)
        if imported.split(".")[-1] in PROCESSES and imported.count(".") == 2:
            return True
        if source is None or target is None:
            return False
        if source.level == HELPER:
            return target.level >= LEVELS["api"]
        same = (source.service, source.capability) == (target.service, target.capability)
        return target.level > (source.level if same else max(source.level, LEVELS["queries"]))
