"""The broker's jars: fetched once with Maven as pinned in pom.xml, kept below the home of the local stack."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from deploy.home import DeployError, home, make_directory
from deploy.packages import need

POM = Path(__file__).with_name("pom.xml")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
FETCH_SECONDS = 900
FETCH_TRIES = 3


def java() -> str:
    """The path of a Java runtime (17 or later), installed with apt where we may."""
    return need("java", "openjdk-17-jre-headless", "运行 Kafka (to run Kafka)")


def libraries() -> Path:
    """The directory with the broker's jars. Raises DeployError when they cannot be had."""
    stamp = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    root = make_directory(home() / "kafka")
    target = root / f"libs-{stamp}"
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            partial = root / f"libs-{stamp}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            _fetch(partial)
            partial.rename(target)
    return target


def _fetch(target: Path) -> None:
    """Copy the run-time dependencies named in pom.xml to `target`, after a few tries: what one has fetched is kept."""
    java()
    maven = need("mvn", "maven", "下载 Kafka (to fetch Kafka)")
    command = [maven, "-B", "-q", "-f", str(POM), COPY, "-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    tail = ""
    for _ in range(FETCH_TRIES):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise DeployError(f"{FETCH_SECONDS} 秒内没有下载完 Kafka。 Maven did not fetch Kafka in time.") from error
        if done.returncode == 0 and list(target.glob("kafka_2.13-*.jar")):
            return
        tail = (done.stdout + done.stderr).strip()[-1500:]
    raise DeployError(f"无法下载 Kafka (Maven could not fetch the artifacts of {POM}):\n{tail}")
