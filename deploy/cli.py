"""The command line ``heyi``: the local stack, tokens, the business clock, the demo county, the verifier.

Commands of the services are mounted from their own packages (``heyi quote``, ``heyi policy``).
Longer than most: each command is its options with their help in two languages, and a call.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from deploy.home import DeployError
from deploy.issuer import ROLES, Scope
from deploy.postgres.roles import SERVICES
from deploy.state import DEFAULT_DIRECTORY, ROOT, StateDirectory
from deploy.supervisor import Supervisor, reset

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="合医 Heyi: 县级医保经办系统 · a county medical scheme's back office",
)
clock_app = typer.Typer(no_args_is_help=True, help="业务时钟 · the business clock of the local stack")
events_app = typer.Typer(no_args_is_help=True, help="事件 · events")
audit_app = typer.Typer(no_args_is_help=True, help="操作日志 · the audit log")
app.add_typer(clock_app, name="clock")
app.add_typer(events_app, name="events")
app.add_typer(audit_app, name="audit")
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

GATEWAY_PORT = 8420
DEMO_INSTITUTION = "H52242200001"
DEMO_INSURER = "中原人寿(演示)"
HUMAN_ROLES = tuple(role for role in ROLES if role not in ("public", "service"))
PinnedKeys = Annotated[
    list[str] | None,
    typer.Option("--key", help="公钥 (十六进制), 可多次 · a pinned public key, hexadecimal; may repeat"),
]
StatePath = Annotated[
    Path, typer.Option("--state", envvar="HEYI_STATE", help="本机运行目录 · directory of the local stack")
]


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """Show what went wrong as a sentence, not as a traceback; exit 1."""
    try:
        yield
    except DeployError as error:
        errors.print(f"[bold red]{error}", markup=True, soft_wrap=True)
        raise typer.Exit(1) from error
    except httpx.HTTPError as error:
        errors.print(f"连不上 (cannot reach it): {error}。 先运行 make run · is it running?", markup=False)
        raise typer.Exit(1) from error


# -- the stack


@app.command()
def up(
    state: StatePath = DEFAULT_DIRECTORY,
    bus: Annotated[str, typer.Option(help="postgres 或 kafka")] = "postgres",
    demo: Annotated[bool, typer.Option(help="首次运行时演示一个县 · play the demo county at the first run")] = False,
    verbose: Annotated[bool, typer.Option(help="显示全部日志 · show all log lines")] = False,
) -> None:
    """启动本机全套系统, 直到 Ctrl-C · run the whole stack here until Ctrl-C."""
    _stop_on_signals()
    directory = StateDirectory(state)
    supervisor = Supervisor(directory, bus=bus, say=_say, verbose=verbose, gateway_port=GATEWAY_PORT)
    failed = False
    try:
        with _plain_errors():
            supervisor.start()
            watcher = threading.Thread(target=supervisor.watch)
            watcher.start()
            if demo and not directory.played_file.exists():
                failed = not _play(directory)
            _welcome(directory)
            watcher.join()
    except KeyboardInterrupt:
        console.print("正在停止 … stopping")
    finally:
        _ignore_signals()
        supervisor.stop()
    if failed:
        raise typer.Exit(1)


@app.command()
def demo(bus: Annotated[str, typer.Option(help="postgres 或 kafka")] = "postgres") -> None:
    """在临时目录里演示一个县, 然后退出; 恒等式不平则退出码非零 · play the demo county in a temporary place and exit."""
    _stop_on_signals()
    with tempfile.TemporaryDirectory(prefix="heyi-demo-") as place:
        directory = StateDirectory(Path(place) / "state")
        supervisor = Supervisor(directory, bus=bus, say=_say)
        ok = False
        try:
            with _plain_errors():
                supervisor.start()
                watcher = threading.Thread(target=supervisor.watch)
                watcher.start()
                ok = _play(directory)
        except KeyboardInterrupt:
            console.print("正在停止 … stopping")
        finally:
            _ignore_signals()
            supervisor.stop()
            reset(directory)
    raise typer.Exit(0 if ok else 1)


@app.command("reset")
def reset_command(
    state: StatePath = DEFAULT_DIRECTORY,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 · do not ask")] = False,
) -> None:
    """删除本机数据 (数据库, 密钥, 时钟) · drop the local data."""
    if not yes:
        typer.confirm(f"删除 {state} 的全部数据? drop all data of {state}?", abort=True)
    with _plain_errors():
        reset(StateDirectory(state))
    console.print("已删除 · dropped")


def _play(directory: StateDirectory) -> bool:
    """Play the demo county through the public APIs; True when it ended with every identity tied."""
    if find_spec("deploy.demo") is None:
        console.print("没有演示县 · no demo county here")
        return True
    play = importlib.import_module("deploy.demo").play
    try:
        if play(directory, console) is False:
            return False
    except SystemExit as ended:
        if ended.code not in (0, None):
            return False
    except Exception as error:  # whatever ended the story, the stack stays up to be looked at
        errors.print(f"演示失败 (the demo failed): {type(error).__name__}: {error}", markup=False, soft_wrap=True)
        errors.print("再运行 make run 接着演示,make reset 后从头来 · make run goes on, make reset begins anew")
        return False
    directory.played_file.touch()
    return True


def _welcome(directory: StateDirectory) -> None:
    """Tokens (also in tokens.json, 0600), the page, addresses, commands to try: the long lines first."""
    tokens = {role: _mint(directory, role) for role in HUMAN_ROLES}
    directory.write_private("tokens.json", tokens)
    state = directory.read()
    origin, pool = state["origin"], directory.pools()[0]
    line = console.rule
    line("令牌 tokens, 8 h")
    for role, token in tokens.items():
        console.out(f"{role:<24}{token}", highlight=False)
    line("网页 the page (Ctrl-C 停止 stops)")
    console.out(f"{origin}/#token={tokens['auditor']}", highlight=False)
    line("地址 addresses")
    for service in SERVICES:
        console.out(
            f"{service:<12}{state['apis'][service]}   OpenAPI: {state['apis'][service]}/openapi.json", highlight=False
        )
    console.out(f"PostgreSQL  127.0.0.1:{state['postgres']['port']}   Kafka: {state['kafka'] or '-'}", highlight=False)
    console.out(f"业务时间 business time: {directory.business_now():%Y-%m-%d %H:%M}", highlight=False)
    line("试一试 three commands to try")
    for command in commands_to_try(origin, pool):
        console.out(command, highlight=False)


def commands_to_try(origin: str, pool: str) -> tuple[str, str, str]:
    """Three commands for a newcomer, the same as in the README."""
    heyi = ".venv/bin/heyi"
    bearer = f'-H "Authorization: Bearer $({heyi} token auditor)"'
    return (
        f"{heyi} quote --policy dafang-2010 --level county --kind inpatient --eligible 10000.00",
        f"{heyi} verify --pool {pool}",
        f"curl -s {bearer} {origin}/settlement/v1/pools/{pool}/identities",
    )


def _say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)


def _stop_on_signals() -> None:
    """SIGTERM ends as Ctrl-C does."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)


def _ignore_signals() -> None:
    """While stopping, further signals change nothing: every step of it is limited in time."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


# -- tokens and the clock


@app.command()
def token(
    role: Annotated[str, typer.Argument(help="角色 · one of the roles")],
    state: StatePath = DEFAULT_DIRECTORY,
    pool: Annotated[list[str] | None, typer.Option(help="统筹地区 · pool, may repeat")] = None,
    institution: Annotated[list[str] | None, typer.Option(help="医疗机构 · institution, may repeat")] = None,
    area: Annotated[list[str] | None, typer.Option(help="行政区划 · area, may repeat")] = None,
    subject: Annotated[str | None, typer.Option(help="使用人 · who; four eyes look at it")] = None,
    home_institution: Annotated[
        str | None, typer.Option(help="原单位 · home unit of a seconded member of staff")
    ] = None,
    hours: Annotated[float, typer.Option(help="有效小时数 · valid for")] = 8,
) -> None:
    """签发本机令牌 · print a token of the local issuer for ROLE."""
    with _plain_errors():
        if role not in ROLES:
            raise DeployError(f"没有角色 {role}。 No such role; roles: {', '.join(ROLES)}")
        usual = _usual_scope(role, pool or StateDirectory(state).pools())
        scope = replace(
            usual,
            institutions=tuple(institution or usual.institutions),
            areas=tuple(area or usual.areas),
            home_institution=home_institution,
        )
        issuer = StateDirectory(state).issuer()
        typer.echo(issuer.token(role, subject=subject or f"{role}-1", scope=scope, seconds=int(hours * 3600)))


def _mint(directory: StateDirectory, role: str) -> str:
    scope = _usual_scope(role, directory.pools())
    return directory.issuer().token(role, subject=f"{role}-1", scope=scope)


def _usual_scope(role: str, pools: list[str]) -> Scope:
    """The scope that a token of `role` has unless told otherwise: the demo county's hospital, all of its areas."""
    return Scope(
        pools=tuple(pools),
        institutions=(DEMO_INSTITUTION,) if role == "hospital" else (),
        areas=tuple(pools) if role.startswith("township_") else (),
        insurer=DEMO_INSURER if role.startswith("insurer_") else None,
    )


@clock_app.command("set")
def clock_set(
    at: Annotated[str, typer.Argument(help="例如 2010-03-31T18:00, 北京时间 · Shanghai time")],
    state: StatePath = DEFAULT_DIRECTORY,
) -> None:
    """把业务时钟往前拨 · move the business clock forward."""
    with _plain_errors():
        directory = StateDirectory(state)
        headers = {"Authorization": f"Bearer {_mint(directory, 'operator')}"}
        answer = httpx.post(f"{directory.origin()}/clock", json={"business_at": at}, headers=headers, timeout=30)
        body = answer.json()
        if answer.status_code != 200:
            raise DeployError(body.get("detail", answer.text))
        typer.echo(body["business_at"])


@clock_app.command("show")
def clock_show(state: StatePath = DEFAULT_DIRECTORY) -> None:
    """业务时间 · what time it is in business."""
    with _plain_errors():
        directory = StateDirectory(state)
        if not directory.clock_file.exists():
            raise DeployError("还没有启动过, 请先运行 make run。 Nothing was started yet: run `heyi up` first.")
        typer.echo(directory.business_now().isoformat(timespec="seconds"))


# -- verifier and events


@app.command()
def verify(
    export: Annotated[Path | None, typer.Argument(help="账簿导出文件 · an exported book")] = None,
    roots: Annotated[list[Path] | None, typer.Option(help="留存在外的根 · roots kept outside; may repeat")] = None,
    key: PinnedKeys = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON · print JSON")] = False,
    pool: Annotated[str | None, typer.Option(help="取运行中系统的这个统筹地区 · fetch this pool's book first")] = None,
    book: Annotated[str, typer.Option(help="账套 · the book of --pool")] = "basic",
    proof: Annotated[bool, typer.Option("--proof", help="文件是一张凭证的证明 · the file proves one voucher")] = False,
    entry: Annotated[int | None, typer.Option(help="只核验 --pool 的这一号凭证 · this voucher of --pool only")] = None,
    state: StatePath = DEFAULT_DIRECTORY,
) -> None:
    """离线核验账簿导出, 或运行中的 --pool · check an export of the books offline, or --pool of the running stack."""
    options = [
        *(["--proof"] * (proof or entry is not None)),
        *(f"--roots={path}" for path in roots or ()),
        *(f"--key={one}" for one in key or ()),
        *(["--json"] * as_json),
    ]
    with _plain_errors():
        if (export is None) == (pool is None):
            raise DeployError("请给出导出文件, 或用 --pool。 Name an exported file, or give --pool.")
        if entry is not None and pool is None:
            raise DeployError("--entry 只与 --pool 同用。 --entry goes with --pool.")
        if export is not None:
            raise typer.Exit(_verify([str(export), *options]))
        what = "export" if entry is None else f"vouchers/{entry}/proof"
        raise typer.Exit(_verify_running(StateDirectory(state), str(pool), book, what, options))


def _verify(arguments: list[str]) -> int:
    """The standalone verifier in a process of its own: it shares nothing with the services."""
    return subprocess.run([sys.executable, "-m", "heyi_verify", *arguments], env=_path(), check=False).returncode


def _path() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


_ROOTS_OF_THE_SAME_SERVER = (
    "注意:核对用的封账根取自被核对的系统本身;要排除整体重写,请用以前另存的封账根(--roots)和从别处得到的公钥(--key)。\n"
    "Note: these roots come from the very server that is checked; to rule out a rewritten book give roots that you "
    "kept earlier (--roots) and the public key from another source (--key)."
)


def _verify_running(directory: StateDirectory, pool: str, book: str, what: str, options: list[str]) -> int:
    """Fetch an export or a proof with an auditor's token, then check it offline: against the roots given, and only
    where none is against those that the server publishes. Beside the server's own, which reach the end of any book, it
    could not be told how far the kept ones do.

    A book of which no day is sealed has no root yet: the verifier is given none, and says what that means.
    """
    base = f"{directory.origin()}/settlement/v1"
    with tempfile.TemporaryDirectory(prefix="heyi-verify-") as place:
        file, kept = Path(place) / "file", Path(place) / "roots.ndjson"
        _fetch(directory, f"/settlement/v1/pools/{pool}/books/{book}/{what}", file)
        if any(option.startswith("--roots=") for option in options):
            return _verify([str(file), *options])
        roots = [root for root in _published_roots(base) if (root["pool_code"], root["book"]) == (pool, book)]
        kept.write_text("".join(json.dumps(root) + "\n" for root in roots), encoding="utf-8")
        typer.echo(_ROOTS_OF_THE_SAME_SERVER, err=True)
        return _verify([str(file), *([f"--roots={kept}"] * bool(roots)), *options])


def _published_roots(base: str) -> Iterator[dict[str, Any]]:
    """Every published root, page by page; they need no token."""
    cursor: str | None = ""
    while cursor is not None:
        answer = httpx.get(f"{base}/roots", params={"cursor": cursor} if cursor else {}, timeout=60)
        if answer.status_code != 200:
            raise DeployError(f"/roots: {answer.text}")
        page = answer.json()
        yield from page["items"]
        cursor = page["next_cursor"]


def _fetch(directory: StateDirectory, path: str, file: Path) -> None:
    """Write an answer of the running stack to a file, with an auditor's token. Raises DeployError."""
    headers = {"Authorization": f"Bearer {_mint(directory, 'auditor')}"}
    url = directory.origin() + path
    with httpx.stream("GET", url, headers=headers, timeout=60) as answer, file.open("wb") as sink:
        if answer.status_code != 200:
            raise DeployError(f"{path}: {answer.read().decode(errors='replace')}")
        for part in answer.iter_bytes():
            sink.write(part)


@audit_app.command("verify")
def verify_audit(
    export: Annotated[Path | None, typer.Argument(help="操作日志导出文件 · an exported audit log")] = None,
    roots: Annotated[list[Path] | None, typer.Option(help="留存在外的根 · roots kept outside; may repeat")] = None,
    key: PinnedKeys = None,
    pool: Annotated[str | None, typer.Option(help="取运行中系统的这个统筹地区 · fetch this pool's logs first")] = None,
    state: StatePath = DEFAULT_DIRECTORY,
) -> None:
    """核验操作日志: 导出文件, 或运行中的 --pool · check an exported audit log, or --pool of the running services."""
    options = [*(f"--roots={path}" for path in roots or ()), *(f"--key={one}" for one in key or ())]
    with _plain_errors():
        if (export is None) == (pool is None):
            raise DeployError("请给出导出文件, 或用 --pool。 Name an exported file, or give --pool.")
        if export is not None:
            raise typer.Exit(_verify([str(export), *options]))
        raise typer.Exit(max(_verify_audit(StateDirectory(state), str(pool), options)))


def _verify_audit(directory: StateDirectory, pool: str, options: list[str]) -> Iterator[int]:
    """The verifier's exit status for each service's log of the pool and of what belongs to no pool."""
    with tempfile.TemporaryDirectory(prefix="heyi-audit-") as place:
        for service in SERVICES:
            for path in (f"/pools/{pool}/audit", "/audit"):
                file = Path(place) / "audit.ndjson"
                _fetch(directory, f"/{service}/v1{path}", file)
                _say(f"{service} {path}:")
                yield _verify([str(file), *options])


@events_app.command("republish")
def republish(
    topic: Annotated[str, typer.Option(help="主题 · topic")],
    pool: Annotated[str, typer.Option(help="统筹地区 · pool")],
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="业务日起 · from this business day")],
    state: StatePath = DEFAULT_DIRECTORY,
) -> None:
    """从发件箱重发事件 · send the events of a topic again, from the outbox of the service that owns it."""
    with _plain_errors():
        directory = StateDirectory(state)
        service = topic.split(".")[1] if topic.count(".") > 1 else ""
        if service not in SERVICES:
            raise DeployError(f"主题 {topic} 不属于任何服务。 The topic belongs to none of {', '.join(SERVICES)}.")
        body = {"topic": topic, "from": f"{since:%Y-%m-%d}"}
        headers = {
            "Authorization": f"Bearer {_mint(directory, 'operator')}",
            "Idempotency-Key": f"republish-{topic}-{pool}-{since:%Y%m%d}-{datetime.now().astimezone():%Y%m%d%H%M%S}",
        }
        address = f"{directory.origin()}/{service}/v1/pools/{pool}/events/republish"
        answer = httpx.post(address, json=body, headers=headers, timeout=60)
        typer.echo(json.dumps(answer.json(), ensure_ascii=False))
        if answer.status_code >= 300:
            raise typer.Exit(1)


def _mount_services() -> None:
    """Add the commands that capabilities bring along."""
    module = "services.claims.benefits.cli"
    with contextlib.suppress(ModuleNotFoundError):
        if find_spec(module) is not None:
            commands = importlib.import_module(module).app
            app.registered_commands += commands.registered_commands
            app.registered_groups += commands.registered_groups


_mount_services()


def main() -> None:
    """The command ``heyi``: as typer runs it, with a mistake in the command line told in Chinese before the English.

    Typer's errors have no public classes, so a mistake is known by what it offers: a context, ``show`` and a code.
    """
    try:
        code = app(prog_name="heyi", standalone_mode=False)
    except typer.Abort:
        errors.print("已取消 · aborted")
        sys.exit(1)
    except Exception as error:
        if not hasattr(error, "show") or not hasattr(error, "exit_code"):
            raise
        if chinese := _mistake(error):
            errors.print(chinese, markup=False)
        error.show()
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _mistake(error: Any) -> str:
    """What is wrong with a command line, in Chinese; empty where its help was asked for by giving nothing."""
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        return ""
    command = error.ctx.command_path if getattr(error, "ctx", None) else "heyi"
    parameter = getattr(error, "param", None)
    name = "/".join(getattr(parameter, "opts", ())) or "参数"
    told = "命令写法不对"
    if kind == "MissingParameter":
        told = f"缺少 {name}"
    elif kind == "NoSuchOption":
        told = f"没有 {error.option_name} 这个选项"
    elif kind == "BadParameter":
        told = f"{name} 的值不对,可用的值见下"
    return f"{told}。怎样写见 {command} --help"


if __name__ == "__main__":
    main()
