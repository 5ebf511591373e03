"""The trusted core, on the standard library alone: what a sceptic has to read.

numbers, files, game, gamefile: exact input; interval, elementary: arithmetic; operators: the
model; certificate, check: the claim and its verdict. Bytes of files come and go by
``exactqse.reading`` and
``exactqse.writing``, on which nothing rests.
"""
