"""Readers of the files users have: range files, registers, routing tables, inventories.

`sim.addresses.feeds.formats` tells formats and reads any of them; each family of formats has a
file; `sim.addresses.feeds.feed` is what all of them return, `sim.addresses.feeds.normal` its form
on disk. They read local files only.
"""
