"""What every Store must do. An implementation's tests inherit StoreContract and give it a `store` fixture."""

from __future__ import annotations

import pytest

from longdoc.protocols import Store


class StoreContract:
    """The contract of protocols.Store."""

    @pytest.fixture
    def store(self) -> Store:
        raise AssertionError("an implementation gives its own store")

    def test_it_is_a_store(self, store: Store) -> None:
        assert isinstance(store, Store)

    def test_a_value_comes_back_byte_for_byte(self, store: Store) -> None:
        value = bytes(range(256)) * 1000
        store.put("key", value)
        assert store.get("key") == value

    def test_an_empty_value_is_a_value(self, store: Store) -> None:
        store.put("key", b"")
        assert store.get("key") == b""
        assert "key" in store

    def test_the_last_value_put_is_the_one_that_is_there(self, store: Store) -> None:
        store.put("key", b"first, and longer")
        store.put("key", b"second")
        assert store.get("key") == b"second"
        assert list(store.keys()) == ["key"]

    def test_a_key_that_is_not_there_is_a_key_error(self, store: Store) -> None:
        with pytest.raises(KeyError):
            store.get("key")
        assert "key" not in store

    def test_a_deleted_key_is_gone(self, store: Store) -> None:
        store.put("key", b"value")
        store.delete("key")
        assert "key" not in store
        assert list(store.keys()) == []
        with pytest.raises(KeyError):
            store.get("key")

    def test_deleting_what_is_not_there_does_nothing(self, store: Store) -> None:
        store.delete("key")

    @pytest.mark.parametrize("key", ["a/b", "../up", "A", "a", "with space", "Übergröße", "\udcff", "x" * 1000, ".", "\n", "a\0b"])
    def test_any_text_is_a_key(self, store: Store, key: str) -> None:
        store.put(key, key.encode("utf-8", "surrogatepass"))
        store.put("other", b"other")
        assert store.get(key) == key.encode("utf-8", "surrogatepass")
        assert sorted(store.keys()) == sorted([key, "other"])

    def test_keys_that_differ_in_case_are_two(self, store: Store) -> None:
        store.put("key", b"small")
        store.put("KEY", b"large")
        assert (store.get("key"), store.get("KEY")) == (b"small", b"large")
