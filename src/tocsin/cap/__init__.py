"""CAP 1.2, the world's standard for alert messages: read, judged, written and signed.

`tree` takes bytes apart within limits, `read` makes a `message.Message` of them and says what is wrong
by the rules in `lint`, `known` looks at what was heard before, `meaning` says what a message is to do.
`thread` and `write` go the other way: from what we said to CAP messages in two languages.
`sign` and `place` need libraries of their own; nothing else here does.
"""
