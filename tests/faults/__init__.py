"""Tests that would prove the promise wrong: real processes, races and kill -9."""
