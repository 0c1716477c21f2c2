"""Testing: conformance suites for whoever writes a plug-in, and for our own tests.

A suite is a class with tests.  Subclass it in a test file, say what is to be tested, run pytest.
"""
