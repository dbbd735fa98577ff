"""tools/check_layers finds each fault that it is there for, and nothing in a tree that keeps the rules."""

import subprocess

import pytest

from support.paths import TREE


class Tree:
    """A tree of two rooms, base and delta/log, which keeps every rule."""

    def __init__(self, root):
        self.root = root
        self.write("src/sluice/base/README.md", "# base\n")
        self.write("src/sluice/base/CMakeLists.txt", "sluice_folder(base)\n")
        self.write("src/sluice/base/error.h", "#pragma once\n")
        self.write("src/sluice/delta/log/README.md", "# delta/log\n")
        self.write("src/sluice/delta/log/log.h", '#include "sluice/base/error.h"\n')
        self.write("src/sluice/delta/log/log.cc", '#include "sluice/delta/log/log.h"\n')
        self.declare("PUBLIC base")
        self.map("  base/  words", "  delta/  protocol", "    log/  commits")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def declare(self, words):
        self.write("src/sluice/delta/log/CMakeLists.txt", f"sluice_folder(delta/log\n  {words})\n")

    def map(self, *lines):
        self.write("ARCHITECTURE.md", "```\nsrc/sluice/\n" + "\n".join(lines) + "\n```\n")

    def faults(self):
        done = subprocess.run([TREE / "tools" / "check_layers", self.root], capture_output=True, text=True,
                              check=False)
        lines = done.stdout.splitlines()
        assert lines[-1].endswith(f"{len(lines) - 1} faults") and not done.stderr
        assert done.returncode == (1 if lines[:-1] else 0)
        return lines[:-1]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_a_tree_that_keeps_the_rules_has_no_faults(tree):
    assert tree.faults() == []


def test_an_include_that_is_not_declared_is_named(tree):
    tree.declare("")
    assert tree.faults() == ["src/sluice/delta/log/log.h: includes sluice/base/, which the CMakeLists.txt of "
                             "delta/log does not declare under PUBLIC"]


def test_what_a_header_includes_must_be_public(tree):
    tree.declare("PRIVATE base")
    assert tree.faults() == ["src/sluice/delta/log/log.h: includes sluice/base/, which the CMakeLists.txt of "
                             "delta/log does not declare under PUBLIC"]


def test_what_only_a_source_includes_must_be_private(tree):
    tree.write("src/sluice/delta/log/log.h", "")
    tree.write("src/sluice/delta/log/log.cc", '#include "sluice/base/error.h"\n')
    assert tree.faults() == ["src/sluice/delta/log: declares base under PUBLIC, and no header includes it"]


def test_a_test_may_include_what_is_declared_for_tests_only(tree):
    tree.write("src/sluice/delta/log/log.h", "")
    tree.write("src/sluice/delta/log/log_test.cc", '#include "sluice/base/error.h"\n')
    tree.declare("TESTS base")
    assert tree.faults() == []
    tree.write("src/sluice/delta/log/log_test.cc", "")
    assert tree.faults() == ["src/sluice/delta/log: declares base under TESTS, and no test includes it"]


def test_a_room_that_does_not_exist_cannot_be_declared(tree):
    tree.declare("PUBLIC base PRIVATE cellar")
    assert "src/sluice/delta/log: declares cellar, which does not exist" in tree.faults()


def test_rooms_that_depend_on_each_other_are_a_fault(tree):
    tree.write("src/sluice/base/error.cc", '#include "sluice/delta/log/log.h"\n')
    tree.write("src/sluice/base/CMakeLists.txt", "sluice_folder(base PRIVATE delta/log)\n")
    assert tree.faults() == ["src/sluice: rooms depend on each other: base -> delta/log -> base"]


def test_files_that_include_each_other_in_a_circle_are_a_fault(tree):
    tree.write("src/sluice/delta/log/commit.h", '#include "sluice/delta/log/log.h"\n')
    tree.write("src/sluice/delta/log/log.cc", '#include "sluice/delta/log/commit.h"\n')
    assert tree.faults() == ["src/sluice/delta/log: files include each other: commit -> log -> commit"]


@pytest.mark.parametrize("include", ["<spdlog/spdlog.h>", '"sluice/runtime/log.h"'])
def test_delta_does_not_log(tree, include):
    tree.write("src/sluice/delta/log/log.cc", f"\n#include {include}\n")
    assert ("src/sluice/delta/log/log.cc:2: delta/ must not log; return what there is to say") in tree.faults()


def test_the_map_names_exactly_the_rooms(tree):
    tree.map("  base/  words", "  cellar/  wine")
    assert tree.faults() == ["ARCHITECTURE.md: the map lacks src/sluice/delta/log/",
                             "ARCHITECTURE.md: the map names src/sluice/cellar/, which does not exist"]


@pytest.mark.parametrize("name, most", [("log.h", 250), ("log.cc", 600), ("log_test.cc", 500), ("README.md", 25)])
def test_a_file_that_is_too_long_is_a_fault(tree, name, most):
    text = '#include "sluice/base/error.h"\n' if name == "log.h" else "\n"
    tree.write(f"src/sluice/delta/log/{name}", text + "\n" * (most - 1))
    assert tree.faults() == []
    tree.write(f"src/sluice/delta/log/{name}", text + "\n" * most)
    assert len(tree.faults()) == 1


def test_a_room_without_a_readme_is_a_fault(tree):
    (tree.root / "src/sluice/base/README.md").unlink()
    assert tree.faults() == ["src/sluice/base: README.md is missing"]
