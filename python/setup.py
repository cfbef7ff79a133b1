"""Notes in the wheel which checkout it was built from, whose jar it then finds."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithOrigin(build_py):
    def run(self):
        super().run()
        root = Path(__file__).resolve().parents[1]
        if (root / "spark-job").is_dir():
            (Path(self.build_lib) / "spark_lora" / "built_from.txt").write_text(f"{root}\n")


setup(cmdclass={"build_py": BuildWithOrigin})
