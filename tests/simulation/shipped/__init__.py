"""The true tier: the shipped app in a node child, in lock-step with the same simulated world.

A page is the whole `DeviceEngine` of pwa/src with a browser around it that is made of the world:
its clocks, dice, disk, network and timers (pwa/tests/world).
"""
