"""The trusted core, on the standard library alone: what a sceptic has to read.

numbers, files, game, gamefile: exact input; interval, elementary: arithmetic; operators: the
model; certificate, check: the claim and its verdict. ``exactqse.reading``, ``exactqse.writing``
and ``exactqse.storing`` get and write the bytes of files; nothing rests on them.
"""
