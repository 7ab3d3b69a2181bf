"""lost_update.py COUNT: two threads add 1 COUNT times each, until an addition is
lost."""

import sys
import threading


def add(number):
    return number + 1


def work(counter, count):
    for _ in range(count):
        # CPython passes the turn on at calls and at the ends of loops: a call in the
        # middle of the step is a place where that can be seen.
        counter[0] = add(counter[0])


def both(count):
    counter = [0]
    threads = [threading.Thread(target=work, args=(counter, count)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter[0]


if __name__ == "__main__":
    count = int(sys.argv[1])
    sys.setswitchinterval(1e-4)  # 50 times as often as usual, so that few rounds do
    for n in range(1, 101):
        total = both(count)
        if total < 2 * count:
            both = 2 * count
            print(f"round {n}: {both} additions by two Python threads gave {total}")
            break
    else:
        sys.exit("nothing was lost in 100 rounds")
