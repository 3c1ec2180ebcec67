# The steps of .ci/run, for people. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup fmt lint types arrows test coverage e2e isolated wheels lock relock reference workflows docs bench check

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## (.*)/\1\t\2/' | expand -t 14

setup: ## make the environment, with everything in it
	bash .ci/run uv

fmt: ## format the code, and mend what the linter can mend
	uv run ruff format .
	uv run ruff check --fix .

lint: ## check format and lint
	bash .ci/run fmt lint

types: ## check the types
	bash .ci/run types

arrows: ## check who imports whom
	bash .ci/run arrows

test: ## run every test
	uv run pytest -n auto

coverage: ## measure coverage of lines and branches over all members
	bash .ci/run coverage

e2e: ## run the tests that cross members
	uv run pytest tests-e2e

isolated: ## run each member's tests in an environment of its own
	bash .ci/run isolated

wheels: ## build every wheel, install each alone, smoke-test it
	bash .ci/run wheels

lock: ## check that requirements.lock is fresh and installs by hash
	bash .ci/run lock

relock: ## write requirements.lock anew
	bash .ci/run relock

reference: ## write docs/reference/commands.md anew
	uv run python .ci/command_reference.py --write

workflows: ## lint the GitHub workflows
	bash .ci/run workflows

docs: ## build the documentation into site/
	uv run zensical build --strict --clean

bench: ## run every benchmark once (BENCH=packages/worktree for one member's)
	@for script in $(or $(BENCH),packages/* apps/*); do \
		for file in $$script/benchmarks/bench_*.py; do \
			[ -e "$$file" ] || continue; echo "── $$file"; uv run python "$$file" || exit 1; \
		done; \
	done

check: ## all that must hold before a change lands
	bash .ci/run
