"""What calls to models cost, and the ledger that keeps it apart by role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from math import nan
from typing import Any, Literal, get_args

Role = Literal["read", "retrieve", "route", "build", "judge", "embed", "index", "rerank"]
ROLES: tuple[Role, ...] = get_args(Role)
READER_ROLES: tuple[Role, ...] = (
    "read",
    "retrieve",
    "route",
    "build",
)  # calls of the language model that answers
MODEL_ROLES: tuple[Role, ...] = ("embed", "index", "rerank")  # calls of embedders and rerankers


def _known_sum(a: float | None, b: float | None) -> float | None:
    """Add two amounts; an unknown amount makes the sum unknown."""
    return None if a is None or b is None else a + b


@dataclass(frozen=True, slots=True)
class Usage:
    """What some calls to models cost. Usages add with ``+``; ``Usage()`` is zero.

    ``prompt_tokens`` counts every prompt token, ``cached_tokens`` those of them whose KV was reused,
    so ``prompt_tokens - cached_tokens`` were computed. ``seconds`` is the model's time: a local
    batch's time divided evenly over its requests, a server's time for the request.
    ``flops`` and ``dollars`` are ``None`` where no cost model or price is known.
    ``saved_flops`` and ``saved_dollars`` are what the cached tokens saved: without any cache the same calls take
    ``flops + saved_flops``; ``None`` where that is not known. Not given, they are 0 if nothing was cached.
    ``foreign_cached_tokens`` are prompt tokens that a server reused from prompts of other strategies. They count as
    computed, so that each strategy costs what it would cost alone.
    A build cost divided over questions makes fractions of tokens.
    ``kv_bytes`` is the largest KV cache held at once (it adds by maximum), ``None`` if unknown.
    ``kv_stored_fraction`` is the share of the dense KV cache's bytes that the reader keeps in its device's memory,
    ``kv_loaded_fraction`` the share of them that a pass after the prefill reads, index included (mean of the passes).
    Both are 1 without a KV cache method, and add as means weighted by the tokens of prompt and completion.
    """

    prompt_tokens: float = 0
    cached_tokens: float = 0
    completion_tokens: float = 0
    calls: float = 0
    seconds: float = 0.0
    flops: float | None = 0.0
    kv_bytes: int | None = 0
    dollars: float | None = 0.0
    saved_flops: float | None = nan
    saved_dollars: float | None = nan
    foreign_cached_tokens: float = 0
    kv_stored_fraction: float = 1.0
    kv_loaded_fraction: float = 1.0

    def __post_init__(self) -> None:
        saved = self.saved_flops
        if saved is not None and saved != saved:  # NaN: not given
            object.__setattr__(self, "saved_flops", None if self.cached_tokens else 0.0)
        saved = self.saved_dollars
        if saved is not None and saved != saved:
            object.__setattr__(self, "saved_dollars", None if self.cached_tokens else 0.0)

    @property
    def computed_tokens(self) -> float:
        """Prompt tokens that had to be prefilled."""
        return self.prompt_tokens - self.cached_tokens

    def with_cached(self, prefix_tokens: float) -> Usage:
        """This usage with a prefix of that many tokens cached; FLOPs and dollars are to be priced again."""
        foreign = max(0, self.cached_tokens + self.foreign_cached_tokens - prefix_tokens)
        return replace(
            self,
            cached_tokens=prefix_tokens,
            foreign_cached_tokens=foreign,
            saved_flops=nan,
            saved_dollars=nan,
        )

    def __add__(self, other: Usage) -> Usage:
        kv = None if self.kv_bytes is None or other.kv_bytes is None else max(self.kv_bytes, other.kv_bytes)
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.calls + other.calls,
            self.seconds + other.seconds,
            _known_sum(self.flops, other.flops),
            kv,
            _known_sum(self.dollars, other.dollars),
            _known_sum(self.saved_flops, other.saved_flops),
            _known_sum(self.saved_dollars, other.saved_dollars),
            self.foreign_cached_tokens + other.foreign_cached_tokens,
            self._mean(other, self.kv_stored_fraction, other.kv_stored_fraction),
            self._mean(other, self.kv_loaded_fraction, other.kv_loaded_fraction),
        )

    def _mean(self, other: Usage, a: float, b: float) -> float:
        """Two fractions of these usages as one."""
        weights = [u.prompt_tokens + u.completion_tokens for u in (self, other)]
        return a if a == b or not sum(weights) else (weights[0] * a + weights[1] * b) / sum(weights)

    def __sub__(self, part: Usage) -> Usage:
        """What is in this and not in ``part``; ``kv_bytes`` and the fractions stay those of the whole."""

        def rest(name: str) -> Any:
            whole, less = getattr(self, name), getattr(part, name)
            if name.startswith("kv_"):
                return whole
            return None if whole is None or less is None else max(0, whole - less)

        return Usage(**{f.name: rest(f.name) for f in fields(self)})

    def __truediv__(self, parts: float) -> Usage:
        """One of ``parts`` equal shares; ``kv_bytes`` and the fractions are not divided."""

        def share(amount: float | None) -> Any:
            return None if amount is None else amount / parts

        whole = {f.name: getattr(self, f.name) for f in fields(self)}
        return Usage(**{k: v if k.startswith("kv_") else share(v) for k, v in whole.items()})


NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Ledger(Mapping[Role, Usage]):
    """Usage kept apart by role; a role that spent nothing reads as ``Usage()``. Ledgers add with ``+``.

    ``read``, ``route``, ``build`` (the share of what was built once) and ``judge`` are calls of language models.
    ``retrieve`` has the seconds of searches. ``embed`` has the embedder's calls for a question, ``index`` its share of
    the embedder's calls and of the other seconds that building took, ``rerank`` the cross-encoder's calls.
    """

    entries: Mapping[Role, Usage] = field(default_factory=dict)

    def __getitem__(self, role: Role) -> Usage:
        return self.entries.get(role, NOTHING)

    def __iter__(self) -> Iterator[Role]:
        return iter(ROLES)

    def __len__(self) -> int:
        return len(ROLES)

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(
            {
                role: self[role] + other[role]
                for role in ROLES
                if role in self.entries or role in other.entries
            }
        )

    def __sub__(self, part: Ledger) -> Ledger:
        """What is booked here and not in ``part``, role by role."""
        return Ledger({role: usage - part[role] for role, usage in self.entries.items()})

    def add(self, role: Role, usage: Usage) -> Ledger:
        """Return this ledger with ``usage`` booked under ``role``."""
        entries = {**self.entries, role: self[role] + usage}
        return Ledger({role: entries[role] for role in ROLES if role in entries})

    @property
    def total(self) -> Usage:
        """All roles together."""
        return self.sum(ROLES)

    def sum(self, roles: Iterable[Role]) -> Usage:
        """Some roles together."""
        return sum((self.entries[role] for role in roles if role in self.entries), NOTHING)

    def as_build(self, parts: float) -> Ledger:
        """One of ``parts`` equal shares of this ledger as the cost of a build, for the ledger of a question."""
        shares: tuple[tuple[Role, tuple[Role, ...]], ...] = (
            ("build", ("read", "route", "build", "judge")),
            ("index", ("retrieve", "embed", "index")),
            ("rerank", ("rerank",)),
        )
        return Ledger({role: self.sum(of) / parts for role, of in shares if set(of) & set(self.entries)})

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Ledger:
        """The ledger that ``dataclasses.asdict`` made plain values of."""
        return cls({role: Usage(**usage) for role, usage in plain["entries"].items()})

    def flat(self) -> dict[str, float | None]:
        """Every amount as ``{role}_{amount}`` (``read_prompt_tokens``, ``build_flops``, ...), zeros included."""
        row: dict[str, float | None] = {}
        for role in ROLES:
            usage = self.entries.get(role)
            if usage is None:
                row.update(_UNSPENT[role])
            else:
                for name, column in _COLUMNS[role]:
                    row[column] = getattr(usage, name)
        return row


_COLUMNS = {role: [(f.name, f"{role}_{f.name}") for f in fields(Usage)] for role in ROLES}
_UNSPENT = {role: {column: getattr(NOTHING, name) for name, column in _COLUMNS[role]} for role in ROLES}
