"""The event log: undo after do is identity, replay is state, a repeated key is one decision."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_projects import N_ITEMS, N_LABELS, made_store

from skal.annotate import _schema
from skal.annotate._decisions import Message, rebuild, record, revision, states, step
from skal.annotate._store import Store


@pytest.fixture
def store(tmp_path):
    store = made_store(tmp_path)
    yield store
    store.close()


def act(store, action):
    """Do what a drawn action says."""
    with store.writing() as connection:
        if action[0] in _schema.STEPS:
            return step(connection, *action)
        return record(connection, Message(*action))


def state(store):
    with store.reading() as connection:
        return states(connection)


items, people = st.integers(1, N_ITEMS), st.sampled_from(["ann", "bob"])
decisions = st.one_of(
    st.tuples(items, st.just("label"), people, st.integers(1, N_LABELS)),
    st.tuples(items, st.sampled_from(["skip", "unsure", "exclude", "clear"]), people),
    st.tuples(items, st.just("flag"), people, st.none(), st.booleans()),
    st.tuples(items, st.just("note"), people, st.none(), st.text(max_size=3)),
)
steps = st.tuples(st.sampled_from(_schema.STEPS), people)
many = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Slow:
    """What undo and redo mean, without a database: two stacks a person, and all that holds."""

    def __init__(self):
        self.held, self.done, self.undone, self.count = {}, {}, {}, 0

    def act(self, action):
        done, undone = (d.setdefault(self.who(action), []) for d in (self.done, self.undone))
        if action[0] == "undo":
            if done:
                undone.append(done.pop())
                del self.held[undone[-1][0]]
        elif action[0] == "redo":
            if undone:
                done.append(undone.pop())
                self.held[done[-1][0]] = done[-1][1]
        else:
            self.count += 1
            undone.clear()
            done.append((self.count, action))
            self.held[self.count] = action

    def who(self, action):
        return action[1] if action[0] in _schema.STEPS else action[2]

    def state(self):
        found = {}
        for _, (item, kind, *rest) in sorted(self.held.items()):
            now = found.setdefault(item, [None, None, 0, False, ""])
            if kind == "flag":
                now[3] = rest[2]
            elif kind == "note":
                now[4] = rest[2]
            else:
                now[:2] = (None if kind == "clear" else kind), rest[1] if kind == "label" else None
                now[2] += kind == "skip"
        return found


def short(states):
    names = ("answer", "label_id", "n_skips", "is_flagged", "note")
    return {item: [state[name] for name in names] for item, state in states.items()}


@many
@given(st.lists(st.one_of(decisions, steps), max_size=25))
def test_any_sequence_leaves_what_two_stacks_a_person_leave(tmp_path_factory, actions):
    store, slow = made_store(tmp_path_factory.mktemp("p")), Slow()
    try:
        for action in actions:
            act(store, action)
            slow.act(action)
        now = state(store)
        nothing = [None, None, 0, False, ""]
        expected = {item: found for item, found in slow.state().items() if found != nothing}
        assert {k: v for k, v in short(now).items() if v != nothing} == expected
        with store.writing() as connection:
            rebuild(connection)
        assert state(store) == now  # a replay of the events is the state
    finally:
        store.close()


@many
@given(st.lists(st.one_of(decisions, steps), max_size=10), decisions)
def test_undo_takes_back_what_was_done_and_redo_gives_it_back(tmp_path_factory, before, action):
    store = made_store(tmp_path_factory.mktemp("p"))
    try:
        for earlier in before:
            act(store, earlier)
        first = state(store)
        act(store, action)
        second = state(store)
        act(store, ("undo", action[2]))
        assert state(store) == first
        act(store, ("redo", action[2]))
        assert state(store) == second
    finally:
        store.close()


def test_undo_reaches_back_through_everything_also_after_a_restart(tmp_path):
    store = made_store(tmp_path)
    for i in range(50):
        act(store, (1 + i % N_ITEMS, "label", "ann", 1 + i % N_LABELS))
    store.close()
    store = Store(tmp_path)
    for _ in range(50):
        assert act(store, ("undo", "ann")) is not None
    assert act(store, ("undo", "ann")) is None
    assert state(store) == {}
    store.close()


def test_an_undo_leaves_what_somebody_else_has_decided_since(store):
    act(store, (1, "label", "ann", 1))
    act(store, (1, "label", "bob", 2))
    act(store, ("undo", "ann"))
    assert state(store)[1]["label_id"] == 2


def test_a_new_decision_ends_what_can_be_redone(store):
    act(store, (1, "label", "ann", 1))
    act(store, ("undo", "ann"))
    act(store, (2, "label", "ann", 1))
    assert act(store, ("redo", "ann")) is None


def test_the_same_key_twice_is_one_decision(store):
    message = Message(1, "label", "ann", label_id=1, key="k1")
    with store.writing() as connection:
        first, second = record(connection, message), record(connection, message)
        assert first == second
        assert revision(connection) == first.id


def test_the_same_key_twice_is_one_undo(store):
    for item in (1, 2):
        act(store, (item, "label", "ann", 1))
    first, second = (act(store, ("undo", "ann", "u1")) for _ in range(2))
    assert first == second
    assert set(state(store)) == {1}


def test_a_key_cannot_become_another_decision(store):
    with store.writing() as connection:
        record(connection, Message(1, "label", "ann", label_id=1, key="k1"))
        with pytest.raises(ValueError, match="the key 'k1' belongs to another decision"):
            record(connection, Message(2, "label", "ann", label_id=1, key="k1"))


def test_the_database_refuses_a_label_of_nothing(store):
    """An image marked as labeled without a label, as rows of a CSV were."""
    with pytest.raises(sa.exc.IntegrityError), store.writing() as connection:
        record(connection, Message(1, "label", "ann", label_id=None))
    with pytest.raises(sa.exc.IntegrityError), store.writing() as connection:
        record(connection, Message(1, "label", "ann", label_id=99))
    row = {"item_id": 1, "answer": "label", "n_skips": 0, "is_flagged": False, "note": ""}
    with pytest.raises(sa.exc.IntegrityError), store.writing() as connection:
        connection.execute(sa.insert(_schema.current_label), row)


@pytest.mark.parametrize(
    "change", [sa.delete(_schema.event), sa.update(_schema.event).values(kind="skip")]
)
def test_events_are_never_changed(store, change):
    act(store, (1, "label", "ann", 1))
    with pytest.raises(sa.exc.IntegrityError, match="never changed"), store.writing() as connection:
        connection.execute(change)
