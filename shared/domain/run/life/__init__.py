"""The life of a run: what may follow what, when, and what run and group are like then.

``table`` lists which state follows on which event. A ``transition`` says one step in full: what run
and group must be like for it, what changes, and when somebody looks after the run again.
``opening``, ``work`` and ``end`` make these transitions, one function for each event. A store of
runs carries them out: it checks and changes in one write, and knows no rule of its own.
"""
