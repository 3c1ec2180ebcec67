"""Upstream engines that speak OpenAI's API: vLLM, SGLang, llama-server, or another of ours."""

from .engine import UpstreamEngine

__all__ = ["UpstreamEngine"]
