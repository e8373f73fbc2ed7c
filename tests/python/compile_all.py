"""Compiles a pipeline with every function of the package: `compile_all.py FILE`. Run by test_oldest_kfp.py."""

import inspect
import sys

import sagebell
from kfp import compiler, dsl
from samples import needed


@dsl.pipeline(name="everything")
def everything():
    for name, function in vars(sagebell).items():
        if inspect.isfunction(function) and str(inspect.signature(function).return_annotation).endswith("Task"):
            function(**needed(function)).set_display_name(name)


compiler.Compiler().compile(everything, sys.argv[1])
