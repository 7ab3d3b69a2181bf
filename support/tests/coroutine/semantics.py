"""What Python's generators do, a line for each scenario: `semantics.rs` does the same."""

import inspect


def outcome(call, *args):
    """What came of a call, in words that are the same in Rust."""
    try:
        value = call(*args)
    except StopIteration as stop:
        return f"stop {stop.value}"
    except ValueError as error:
        return {"generator already executing": "running"}.get(str(error), f"raise {error}")
    except TypeError as error:
        assert "just-started" in str(error), error
        return "not started"
    except RuntimeError as error:
        return {"generator ignored GeneratorExit": "ignored"}.get(str(error), f"raise {error}")
    return "ok" if value is None else f"yield {value}"


def state(gen):
    return inspect.getgeneratorstate(gen).removeprefix("GEN_").lower()


def tell(name, *steps):
    print(f"{name}: {', '.join(steps)}")


def one_two(log, end=5):
    log.append("start")
    try:
        yield 1
        yield 2
    finally:
        log.append("finally")
    return end


def echo(log):
    last = 0
    while True:
        got = yield last
        log.append(f"got {got}")
        last = got or 0


# next, and the end
gen = one_two([])
tell("to the end and beyond", *[outcome(next, gen) for _ in range(5)])
tell("for", *[f"yield {n}" for n in one_two([])])
gen = one_two([])
for n in gen:
    break
tell("for, left early", outcome(next, gen), outcome(next, gen))
tell("no yield at all", outcome(next, (n for n in ())))

# send
log = []
gen = echo(log)
tell("send", outcome(next, gen), outcome(gen.send, 7), outcome(next, gen), outcome(gen.send, 8), *log)
log = []
gen = echo(log)
tell("send before the start", outcome(gen.send, 7), state(gen), *log, outcome(next, gen))
gen = one_two([])
list(gen)
tell("send after the end", outcome(gen.send, 7))

# close
log = []
gen = one_two(log)
next(gen)
tell("close", outcome(gen.close), *log, state(gen), outcome(next, gen), outcome(gen.send, 1))
log = []
gen = one_two(log)
tell("close before the start", outcome(gen.close), *log, state(gen), outcome(next, gen))
log = []
gen = one_two(log)
list(gen)
tell("close after the end", outcome(gen.close), *log)
gen = one_two([])
tell("close twice", outcome(gen.close), outcome(gen.close))


def stubborn(log):
    try:
        yield 1
    except GeneratorExit:
        log.append("exit")
        yield 2
    log.append("on")
    yield 3


log = []
gen = stubborn(log)
next(gen)
tell("yield while being closed", outcome(gen.close), state(gen), *log, outcome(next, gen), outcome(gen.close), state(gen))


def agreeable():
    try:
        yield 1
    except GeneratorExit:
        return


gen = agreeable()
next(gen)
tell("return while being closed", outcome(gen.close), state(gen), outcome(next, gen))


def angry():
    try:
        yield 1
    finally:
        raise ValueError("angry")


gen = angry()
next(gen)
tell("raise while being closed", outcome(gen.close), state(gen), outcome(next, gen))
log = []
gen = one_two(log)
next(gen)
del gen
tell("dropped", *log)
log = []
gen = one_two(log)
del gen
tell("dropped before the start", "nothing" if not log else "something")


# from within
def within(log, call):
    log.append(state(gen))
    log.append(call(gen))
    yield 1


log = []
gen = within(log, lambda gen: outcome(next, gen))
tell("next from within", outcome(next, gen), *log, state(gen))
log = []
gen = within(log, lambda gen: outcome(gen.close))
tell("close from within", outcome(next, gen), *log, state(gen))
log = []
gen = within(log, lambda gen: outcome(gen.throw, ValueError("boom")))
tell("throw from within", outcome(next, gen), *log, state(gen))


# exceptions
def failing(log):
    yield 1
    try:
        raise ValueError("boom")
    finally:
        log.append("finally")


log = []
gen = failing(log)
tell("raise", outcome(next, gen), outcome(next, gen), *log, state(gen), outcome(next, gen), outcome(gen.close))


def catching(log):
    try:
        yield 1
    except ValueError as error:
        log.append(f"caught {error}")
    yield 2


log = []
gen = catching(log)
next(gen)
tell("throw, caught", outcome(gen.throw, ValueError("boom")), *log, outcome(next, gen))
log = []
gen = one_two(log)
next(gen)
tell("throw, not caught", outcome(gen.throw, ValueError("boom")), *log, state(gen), outcome(next, gen))
log = []
gen = one_two(log)
tell("throw before the start", outcome(gen.throw, ValueError("boom")), *log, state(gen), outcome(next, gen))
gen = one_two([])
list(gen)
tell("throw after the end", outcome(gen.throw, ValueError("boom")))


# yield from
def outer(log, inner):
    try:
        result = yield from inner
        log.append(f"result {result}")
        yield 9
    finally:
        log.append("outer")


log = []
tell("yield from", *[f"yield {n}" for n in outer(log, one_two(log))], *log)
log = []
gen = outer(log, echo(log))
tell("yield from, send", outcome(next, gen), outcome(gen.send, 7), outcome(next, gen), *log)
log = []
gen = outer(log, one_two(log))
next(gen)
tell("yield from, close", outcome(gen.close), *log)
log = []
gen = outer(log, catching(log))
next(gen)
tell("yield from, throw", outcome(gen.throw, ValueError("boom")), *log)
log = []
gen = outer(log, failing(log))
next(gen)
tell("yield from, raise", outcome(next, gen), *log, state(gen))
log = []
inner = one_two(log)
next(inner)
gen = outer(log, inner)
tell("yield from, begun", outcome(next, gen), outcome(next, gen), *log)
log = []
inner = one_two([])
list(inner)
gen = outer(log, inner)
tell("yield from, over", outcome(next, gen), *log)
