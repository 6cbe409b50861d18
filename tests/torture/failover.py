"""The machine that leads a PostgreSQL of three dies, or stops; the server finds the next leader.

Between the death and the look nobody repeats what was acknowledged, so a loss is seen as a gap.
"""

import itertools
import signal
import statistics
import time

from tests.torture import rounds
from tests.torture.fleet import STEPS
from tests.torture.waiting import until
from tests.world.cluster import Cluster

ROUNDS = 6
"""Each way to die, with each way to find the next leader."""

AWAKE_ANSWERS = 100
WAYS = {"addresses": False, "proxy": True}


def the_machine(leader):
    """SIGKILL of its etcd, its Patroni and its PostgreSQL, as by a power cut."""
    leader.kill()
    yield
    leader.start()


def the_standstill(leader):
    """SIGSTOP of all of them: the machine takes connections still, and answers nobody.

    It comes back in the belief that it leads.
    """
    leader.tell(signal.SIGSTOP)
    yield
    leader.tell(signal.SIGCONT)


def the_process(leader):
    """SIGKILL of PostgreSQL alone: Patroni starts it again, there or elsewhere."""
    pids = leader.postgres()
    leader.tell(signal.SIGSTOP, pids)
    leader.tell(signal.SIGKILL, pids)
    yield


DEATHS = (the_machine, the_standstill, the_process)


def silence(taken, death):
    """How long nobody was told that a push was taken: a death lies between, in seconds."""
    before = [end for _, end in taken if end <= death]
    after = [(began, end) for began, end in taken if end > death]
    last = next(number for number, (began, _) in enumerate(after) if began > death)
    ends = [*before[-1:], *(end for _, end in after[: last + 1])]
    return max(later - sooner for sooner, later in itertools.pairwise(ends))


def dying(how, cluster, gaps):
    """One way to die, as the chamber plays it; adds how long nothing was acknowledged."""

    def death(chamber):
        with chamber.working():
            chamber.hear("taken", 20)
            chamber.wait()
            leader = cluster.leader()
            chamber.fleet.keep_in_step()
            moment = time.monotonic()
            done = how(leader)
            next(done)
            until(
                lambda: (
                    any(began > moment for began, _ in chamber.fleet.taken())
                    or chamber.fleet.faults
                ),
                "that a push which began after the death is taken",
            )
            for _ in done:
                pass
            if not chamber.fleet.faults:
                gaps.append(silence(chamber.fleet.taken(), moment))
            # The machine that comes back believes what it believed while people go on.
            chamber.hear("taken", AWAKE_ANSWERS)
        cluster.heal()

    return death


def torture(seed, count, folder):
    """Play the rounds, half of them by each way to the leader; print what it was."""
    cluster, gaps, operations = Cluster(), {way: [] for way in WAYS}, 0
    try:
        founding = rounds.Founding(folder, cluster)
        for number, (way, by_proxy) in enumerate(WAYS.items()):
            cluster.by_proxy = by_proxy
            with founding.chamber(f"{seed}-{way}") as chamber:
                for one in range(number, count, len(WAYS)):
                    how = DEATHS[one // len(WAYS) % len(DEATHS)]
                    _play(f"failover {one + 1} of SEED={seed}", chamber, cluster, how, gaps[way])
                operations += len(chamber.fleet.done)
    except BaseException as fault:
        fault.add_note(cluster.last_words())
        raise
    finally:
        cluster.remove()
    _print_gaps(operations, gaps)


def _play(name, chamber, cluster, how, gaps):
    leader = cluster.leader()
    try:
        chamber.play(dying(how, cluster, gaps))
    except BaseException:
        print(f"{name} failed: {how.__name__}, {leader.name} led")
        raise
    chamber.fleet.keep_in_step(STEPS)
    print(f"{name}: {how.__name__} by {'proxy' if cluster.by_proxy else 'addresses'}, "
          f"{leader.name} led, then {cluster.leader().name}; nothing was taken for "
          f"{gaps[-1]:.1f} s; {len(chamber.fleet.done)} operations, lost 0, doubled 0, "
          f"{dict(chamber.fleet.answers)}", flush=True)  # fmt: skip


def _print_gaps(operations, gaps):
    every = [gap for found in gaps.values() for gap in found]
    print(f"failover: {len(every)} deaths, {operations} operations, lost 0, doubled 0")
    for way, found in {"all": every, **gaps}.items():
        if found:
            print(f"  gap by {way}: median {statistics.median(found):.1f} s, "
                  f"longest {max(found):.1f} s")  # fmt: skip
