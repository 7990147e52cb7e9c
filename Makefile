# 合医 Heyi. `make` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run demo reset test check soak mutants bench lock docs format \
  check-style check-types check-imports check-sql check-migrations check-docs

BUS ?= postgres
PYTHON ?= python3
WORKERS ?= 2
# what is run on the oldest PostgreSQL that is supported too (the rest by hand: HEYI_TEST_POSTGRES=16)
FLOOR := tests/component/thread tests/component/ledger tests/component/claims/test_batch.py tests/contract/test_catalogue.py
PY := .venv/bin/python
export PYTHONPATH := $(CURDIR)
export PYTHON

help: ## 列出全部命令 · list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

# the environment, from lock files with hashes; made again when a lock changes
.venv/runtime.stamp: requirements/runtime.lock tools/venv.sh
	@tools/venv.sh $<
	@touch $@

.venv/dev.stamp: requirements/dev.lock .venv/runtime.stamp
	@tools/venv.sh $<
	@touch $@

run: .venv/runtime.stamp ## 启动全套系统并演示一个县 (BUS=kafka 用 Kafka) · run everything; the demo county at the first run
	@exec $(PY) -m deploy.cli up --demo --bus $(BUS)

demo: .venv/runtime.stamp ## 在临时目录演示一个县后退出 · play the demo county in a temporary place and exit
	@exec $(PY) -m deploy.cli demo --bus $(BUS)

reset: .venv/runtime.stamp ## 删除本机数据 · drop the local data
	@exec $(PY) -m deploy.cli reset --yes

check: check-style check-types check-imports check-sql check-migrations check-docs ## 静态检查, 导入约束, 迁移, 生成的文档 · everything that is checked without running the services

check-style: .venv/dev.stamp
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

check-types: .venv/dev.stamp
	$(PY) -m mypy

check-imports: .venv/dev.stamp
	.venv/bin/lint-imports --no-cache

check-sql: .venv/dev.stamp
	$(PY) -m tools.check_sql

check-migrations: .venv/dev.stamp
	$(PY) -m tools.check_migrations

check-docs: .venv/dev.stamp
	$(PY) -m tools.generate_docs --check
	$(PY) -m tools.compatible
	$(PY) -m tools.coverage --check

test: .venv/dev.stamp ## 全部测试 (真实 PostgreSQL 与 Kafka) · all tests, on a real PostgreSQL and a real Kafka
	$(PY) -m pytest -n $(WORKERS) --dist loadfile
	HEYI_TEST_POSTGRES=16 $(PY) -m pytest -n $(WORKERS) --dist loadfile $(FLOOR)

soak: .venv/dev.stamp ## 长时间运行, 数字记入 docs/evidence · long runs
	HEYI_HYPOTHESIS_PROFILE=soak $(PY) -m tools.soak

mutants: .venv/dev.stamp ## 变异测试: 补偿计算的测试能不能发现错误 · are the tests of the benefit engine any good
	$(PY) -m tests.oracle.mutants

bench: .venv/dev.stamp ## 性能比值 · performance as ratios
	$(PY) -m tests.bench

docs: .venv/dev.stamp ## 重新生成 OpenAPI, 事件模式, 覆盖表 · generate the documents again
	$(PY) -m tools.generate_docs
	$(PY) -m tools.coverage

format: .venv/dev.stamp ## 整理代码格式 · format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: .venv/dev.stamp ## 按 requirements/*.in 重新锁定版本 · lock the versions again
	$(PY) -m tools.lock
