"""`heyi quote` and `heyi policy`: the engine and the policy documents from the command line."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from services.claims.benefits import library, words
from services.claims.benefits.check import findings
from services.claims.benefits.claim_document import MOST_INSURED
from services.claims.benefits.claim_file import Answer, decide, read_claim
from services.claims.benefits.compiler import Loaded, load
from services.claims.benefits.diff import differences
from services.claims.benefits.document import PolicyErrors
from services.claims.benefits.face import Face
from services.claims.benefits.messages import choices
from services.claims.benefits.model import Policy
from services.claims.benefits.payment_document import payment_findings, payment_words, read_payment
from services.claims.benefits.quote import Question, UnknownGroup, quote
from services.claims.benefits.schema import day_of
from services.claims.benefits.slip import slip_text
from services.claims.benefits.wall import wall_table
from services.claims.benefits.wire import decision_document
from shared.kernel.dates import SHANGHAI
from shared.kernel.money import parse_yuan

app = typer.Typer(no_args_is_help=True, add_completion=False, help="补偿方案与试算 · benefit policies and quotes")
policy_app = typer.Typer(no_args_is_help=True, help="补偿方案 · benefit policies")
app.add_typer(policy_app, name="policy")
_QUESTION = (
    "level", "eligible", "kind", "place", "ownership", "designation", "group", "disease", "emergency", "migrant",
    "referred", "used", "admitted", "insured",
)  # fmt: skip
"""Options that describe the claim, which a file describes as a whole."""
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def _fail(message: str) -> NoReturn:
    errors.print(message, markup=False)
    raise typer.Exit(2)


def _amount(text: str) -> int:
    """Fen of an amount typed by a person: 10000, 10000.5 or 10000.50."""
    whole, _, cents = text.partition(".")
    try:
        amount = parse_yuan(f"{whole}.{cents.ljust(2, '0')}")
    except ValueError:
        raise typer.BadParameter(f"{text}:金额写作元,最多两位小数 · yuan with at most two places") from None
    if amount < 0:
        raise typer.BadParameter(f"{text}:金额不能为负 · must not be negative")
    return amount


def _day(text: str) -> date:
    try:
        return day_of(text)
    except ValueError as wrong:
        raise typer.BadParameter(f"{text}:{wrong} · a date such as 2010-03-01") from None


def _insured(text: str) -> int:
    """How many members of a household are insured."""
    if not re.fullmatch("[1-9][0-9]?", text):
        raise typer.BadParameter(f"{text}:写 1 至 {MOST_INSURED} 的整数 · a number of members up to {MOST_INSURED}")
    return int(text)


_REASONS: tuple[tuple[type[OSError], str], ...] = (
    (FileNotFoundError, "没有这个文件或目录"),
    (IsADirectoryError, "这是一个目录,不是文件"),
    (NotADirectoryError, "路径中有一段不是目录"),
    (PermissionError, "没有权限"),
)


def _why(wrong: OSError) -> str:
    """What the system said, in the office's language."""
    return next((told for kind, told in _REASONS if isinstance(wrong, kind)), "系统读写失败")


def _text_of(path: Path) -> str:
    """The text of a file, with or without the mark of UTF-8; ends the command where it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as wrong:
        _fail(f"不能读取 {path}:{_why(wrong)}")
    except UnicodeDecodeError:
        _fail(f"不能读取 {path}:文件不是 UTF-8 编码;在记事本里“另存为”,编码选 UTF-8 · not UTF-8: save it as UTF-8")


def open_policy(name: str) -> Loaded:
    """A policy by its id in the repository or by the path of a file; ends the command where it cannot be used."""
    try:
        path = Path(name)
        if path.suffix in (".yaml", ".yml") or path.is_file():
            return load(_text_of(path), library.text_of)
        return library.loaded(name)
    except KeyError:
        _fail(f"没有方案 {name}。现有:{'、'.join(library.ids())} · no such policy")
    except PolicyErrors as wrong:
        _fail(f"{name} 不能使用:\n" + "\n".join(f"  {finding}" for finding in wrong.findings))


def _one_of(table: words.Words, told: str) -> Any:
    """An option whose value is a code of a table, typed as the code or in Chinese."""
    codes = {name: code for code, (name, _) in table.items()} | {code: code for code in table}

    def read(text: str) -> str:
        if text not in codes:
            raise typer.BadParameter(f"{text}:只能是 {choices(list(table), table)} · not one of these")
        return codes[text]

    return typer.Option(parser=read, metavar="|".join(table), help=told)


@app.command("quote")
def quote_command(
    ctx: typer.Context,
    policy: Annotated[str, typer.Option(help="方案编号或文件 · policy id or file")],
    level: Annotated[str | None, _one_of(words.LEVELS, "医疗机构级别 · level of the institution")] = None,
    eligible: Annotated[
        int | None, typer.Option(parser=_amount, metavar="YUAN", help="可补偿费用 · eligible amount")
    ] = None,
    kind: Annotated[str, _one_of(words.KINDS, "住院、门诊 · kind of care")] = "inpatient",
    place: Annotated[str | None, _one_of(words.PLACES, "所在地 · place; 省、地级默认县外省内")] = None,
    ownership: Annotated[str, _one_of(words.OWNERSHIPS, "公立、民营 · ownership")] = "public",
    designation: Annotated[str, _one_of(words.DESIGNATIONS, "是否定点 · designation")] = "designated",
    group: Annotated[list[str] | None, typer.Option(help="特殊人群,编码或名称,可重复 · special group")] = None,
    disease: Annotated[str, typer.Option(help="病种编码 · code of the disease")] = "",
    emergency: Annotated[bool, typer.Option("--emergency", help="急诊 · emergency")] = False,
    migrant: Annotated[bool, typer.Option("--migrant", help="外出务工 · migrant worker")] = False,
    referred: Annotated[bool, typer.Option("--referred", help="经转诊 · referred")] = False,
    used: Annotated[
        int | None, typer.Option(parser=_amount, metavar="YUAN", help="本年度此前的补偿 · benefit received before")
    ] = None,
    admitted: Annotated[
        date | None, typer.Option(parser=_day, metavar="DATE", help="入院(就诊)日期,默认方案生效日 · day of admission")
    ] = None,
    insured: Annotated[
        int | None,
        typer.Option(parser=_insured, metavar="NUMBER", help="全家参合人数 · insured members of the household"),
    ] = None,
    claim: Annotated[Path | None, typer.Option(metavar="FILE", help="写明整笔费用的文件 · a whole claim")] = None,
    english: Annotated[bool, typer.Option("--english", help="英文 · in English")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="另存为可打印的结算单 · the slip as PDF")] = None,
) -> None:
    """按方案试算补偿,逐步说明 · calculate a benefit and tell every step."""
    loaded = open_policy(policy)
    faces: dict[int, Face] = {1: Face("可补偿费用" if not english else "eligible costs", "A")}
    try:
        if claim is not None:
            _expect_alone(ctx)
            answer = _decided(claim, loaded.policy)
            result, faces = answer.adjudication, answer.faces
        elif level is None or eligible is None:
            _fail("写 --level 和 --eligible,或者写 --claim FILE · give --level and --eligible, or --claim FILE")
        else:
            question = Question(
                kind=kind,
                level=level,
                eligible_fen=eligible,
                admitted_on=admitted or loaded.policy.effective_from,
                place=place,
                ownership=ownership,
                designation=designation,
                groups=frozenset(group or ()),
                emergency=emergency,
                migrant=migrant,
                referred=referred,
                used_fen=used or 0,
                disease=disease,
                insured=insured,
            )
            result = quote(question, loaded.policy)
    except UnknownGroup as wrong:
        _fail(f"方案不认识人群 {'、'.join(wrong.groups)};认识的有:{wrong.told} · {wrong}")
    document = decision_document(result)
    if pdf is not None:
        _print(pdf, document, faces, loaded, "en" if english else "zh")
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        typer.echo(slip_text(document, faces=faces, language="en" if english else "zh"), nl=False)


def _print(path: Path, document: dict[str, Any], faces: dict[int, Face], loaded: Loaded, language: str) -> None:
    """Writes the slip as PDF and says which characters the font lacks. The moment on it is the policy's first day."""
    from services.claims.benefits.sheet import slip_paper  # the library of papers takes a second to import

    made_at = datetime.combine(loaded.policy.effective_from, time(), SHANGHAI)
    heading = [
        ("方案" if language == "zh" else "Policy", loaded.policy.id),
        ("性质" if language == "zh" else "Nature", "试算" if language == "zh" else "a quote"),
    ]
    printed = slip_paper(document, heading, faces, made_at, language, loaded.policy.title)
    try:
        path.write_bytes(printed.pdf)
    except OSError as wrong:
        _fail(f"不能写入 {path}:{_why(wrong)}")
    if printed.lacking:
        errors.print(f"字体中没有,以编码表示的字:{'、'.join(printed.lacking)} · not in the font", markup=False)


def _expect_alone(ctx: typer.Context) -> None:
    """Ends the command where the file and the options both describe the claim: nobody could say which counts."""
    written = {name: ctx.get_parameter_source(name) for name in _QUESTION}
    both = [name for name, source in written.items() if source is not None and source.name == "COMMANDLINE"]
    if both:
        told = "、".join(f"--{name}" for name in both)
        _fail(f"写了 --claim FILE,就不能再写 {told} · the file says all of the claim")


def _decided(path: Path, policy: Policy) -> Answer:
    """The decision on the claim of a file, or an end that names every guilty line."""
    try:
        return decide(read_claim(_text_of(path)), policy)
    except PolicyErrors as wrong:
        _fail(f"{path} 不能使用:\n" + "\n".join(f"  {finding}" for finding in wrong.findings))


@policy_app.command("check")
def check_command(
    file: Annotated[str, typer.Argument(help="方案文件或编号 · policy file or id")],
    strict: Annotated[bool, typer.Option("--strict", help="有提示也算不通过 · warnings fail too")] = False,
) -> None:
    """检查方案文件,并打印上墙公示的表 · check a policy file and print it as the office would hang it up."""
    loaded = open_policy(file)
    typer.echo(wall_table(loaded.policy, loaded.document), nl=False)
    warnings = findings(loaded.policy, loaded.source, loaded.document)
    for finding in warnings:
        errors.print(f"提示 {finding}", markup=False)
    if strict and warnings:
        raise typer.Exit(1)


@policy_app.command("payment")
def payment_command(
    file: Annotated[Path, typer.Argument(help="支付办法文件 · document of payment to a provider")],
) -> None:
    """检查对医疗机构的支付办法,并用文字说明 · check how a provider is paid, and say it in words."""
    try:
        document, source = read_payment(_text_of(file))
    except PolicyErrors as wrong:
        _fail(f"{file} 不能使用:\n" + "\n".join(f"  {finding}" for finding in wrong.findings))
    typer.echo(payment_words(document), nl=False)
    for finding in payment_findings(document, source):
        errors.print(f"提示 {finding}", markup=False)


@policy_app.command("diff")
def diff_command(
    old: Annotated[str, typer.Argument(metavar="A", help="原方案文件或编号 · the older policy")],
    new: Annotated[str, typer.Argument(metavar="B", help="新方案文件或编号 · the newer policy")],
) -> None:
    """说明两个方案之间什么人的待遇有什么变化 · say in words what changes for whom."""
    for line in differences(open_policy(old).policy, open_policy(new).policy):
        typer.echo(line)


@policy_app.command("list")
def list_command() -> None:
    """列出全部方案文件 · list the policy documents."""
    for policy_id in library.ids():
        policy = open_policy(policy_id).policy
        typer.echo(f"{policy.id:<20} {policy.effective_from} {policy.title}")
