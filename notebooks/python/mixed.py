"""mixed.py WORK PROCESSES THREADS ROUNDS: the seconds of each round of 8 jobs,
`compute` or `wait`."""

import multiprocessing
import os
import sys
import threading
import time

from spans import lane, span

JOBS = 8
CPUS = sorted(os.sched_getaffinity(0))


def compute():
    total = 0
    # Longer than the 5 ms after which one thread of Python makes room for another.
    for number in range(250_000):
        total += number * number
    return total


def wait():
    time.sleep(0.010)


def work_in_thread(worker, name, job, count):
    lane(name)
    os.sched_setaffinity(0, {CPUS[worker % len(CPUS)]})  # this thread alone
    for _ in range(count):
        with span(job.__name__):
            job()


def work_in_process(process, job, threads, count):
    lane(multiprocessing.current_process().name)
    started = []
    for number in range(threads):
        worker = process * threads + number
        args = (worker, f"thread {number + 1}", job, count // threads)
        started.append(threading.Thread(target=work_in_thread, args=args))
        started[-1].start()
    for thread in started:
        thread.join()


def run(job, processes, threads):
    context = multiprocessing.get_context("fork")
    started = []
    for number in range(processes):
        args = (number, job, threads, JOBS // processes)
        name = f"process {number + 1}"
        started.append(context.Process(target=work_in_process, name=name, args=args))
        started[-1].start()
    for process in started:
        process.join()


if __name__ == "__main__":
    job = {"compute": compute, "wait": wait}[sys.argv[1]]
    processes, threads, rounds = map(int, sys.argv[2:])
    for _ in range(rounds):
        begin = time.perf_counter()
        run(job, processes, threads)
        print(time.perf_counter() - begin)
