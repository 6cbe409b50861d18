"""The reference client: what the phone does, as generators that yield every effect.

Twin of pwa/src/{store,outbox,push,feed,core}; whoever drives it may stop it at any effect.
"""
