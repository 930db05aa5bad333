# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Very long causal convolutions on the Crocuta kernel, from numpy.

    from crocuta.jobs import convolve
    from crocuta.rtl_kernel import RtlKernel
    from models import configs

    with RtlKernel(configs.load("small")) as kernel:
        y = convolve(kernel, x, h).y

`python -m crocuta --help` tells what the command line does.
"""
