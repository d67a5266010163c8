"""The suggester service: it asks machines about the texts of open batches, and records what they say."""

import asyncio
import logging
import time
from collections.abc import Sequence

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import Unavailable
from labelloop.loop.label_lists import label_list
from labelloop.loop.pools import pool_of
from labelloop.loop.settings_in_force import at_batch
from labelloop.loop.state import LoopState
from labelloop.loop.suggestions import (
    LLM,
    NextSuggestions,
    has_answer,
    made_of,
    money_left,
    next_suggestions,
    spent,
    suggester_at,
    suggester_next,
)
from labelloop.machines.endpoint import Access, ChatAnswer, ChatQuestion, Endpoint, RefusedText
from labelloop.machines.function_process import Functions, run
from labelloop.machines.label_functions import RULES, combined
from labelloop.machines.prompt import digest, messages, suggestion
from labelloop.machines.suggesters import LlmParameters
from labelloop.pool.context import pool_texts
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.store import Pools, open_store
from schemas.events import SuggestionsMade
from schemas.fields import UNSAID
from schemas.parts import SuggestedItem

logger = logging.getLogger(__name__)
PORTION = 4.0
"""After so many seconds what was answered is recorded, so that a kill loses no more."""
TOLD_AFTER = 1.0
"""So many seconds after one request failed, that is told, if others beside it have no answer yet."""
AT_ONCE = 4
"""So many requests wait for an endpoint together."""


class Suggesters(Controller[NextSuggestions]):
    """Asks about a part of a batch at a time. While machines fail, people have the model's suggestions."""

    name = "suggester"

    def __init__(self, settings: ServiceSettings) -> None:
        self._pools = Pools(open_store(settings.store))
        self._endpoint: Endpoint | None = None
        self._spent: set[tuple[str, float]] = set()

    async def close(self) -> None:
        if self._endpoint is not None:
            await self._endpoint.close()

    def due(self, state: LoopState) -> NextSuggestions | None:
        return next_suggestions(state)

    def still_due(self, state: LoopState, work: NextSuggestions) -> bool:
        batch = state.batches[work.batch]
        return not batch.done and len(batch.suggestions) == work.number

    def describe(self, work: NextSuggestions) -> str:
        return f"suggest labels for batch {work.batch}"

    async def do(self, state: LoopState, work: NextSuggestions) -> Sequence[Outcome]:
        project = at_batch(state, state.batches[work.batch].number)
        pool = await self._pools.open(pool_of(state))
        texts = [each.text for each in pool_texts(project, pool, work.items)]
        if work.choice.name != LLM:
            return [Outcome(await by_functions(state, work, texts), work.cause)]
        if self._endpoint is None:
            self._endpoint = Endpoint(Access.from_environment())
        return [Outcome(await by_llm(self._endpoint, state, work, texts), work.cause)]

    async def poll(self, state: LoopState) -> Polled:
        """Say once when the money is spent."""
        limit = suggester_next(state).choice.parameters.get("max_cost")
        if limit is not None and (cost := spent(*state.batches.values()).cost) >= limit:
            if (state.project_id, limit) not in self._spent:
                logger.warning(
                    "%s has spent %.4f of %.4f on suggestions and asks for no more: raise max_cost with "
                    "`labelloop change`",
                    state.project_id,
                    cost,
                    limit,
                )
            self._spent.add((state.project_id, limit))
        return Polled()


async def by_llm(
    endpoint: Endpoint, state: LoopState, work: NextSuggestions, texts: Sequence[str]
) -> SuggestionsMade:
    """What a language model says of the first texts. Raises Unavailable if it says nothing of any."""
    began, parameters = time.monotonic(), LlmParameters.of(work.choice.parameters)
    left = money_left(state, state.batches[work.batch], work.choice)
    waiting = list(zip(work.items, texts, strict=True))
    suggested, refused = list[SuggestedItem](), list[int]()
    answers, tokens_in, tokens_out = list[ChatAnswer](), 0, 0
    failure: Exception | None = None
    while waiting and failure is None and (not (answers or refused) or time.monotonic() - began < PORTION):
        if (parameters.cost(tokens_in, tokens_out) or 0.0) >= left:
            break
        together, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        questions = [_question(state, work, parameters, text) for _, text in together]
        answered = await _asked_together(endpoint, questions, parameters.per_second)
        for (item, _), answer in zip(together, answered, strict=True):
            if isinstance(answer, ChatAnswer):
                answers.append(answer)
                suggested.append(_read(state, item, answer))
                tokens_in, tokens_out = tokens_in + answer.tokens_in, tokens_out + answer.tokens_out
            elif isinstance(answer, RefusedText):
                refused.append(item)
                failure = failure or (None if answers or _has_worked(state, work) else _outage(answer))
            elif isinstance(answer, Unavailable):
                failure = answer
            else:
                raise answer
    if answers or _has_worked(state, work):
        suggested += (SuggestedItem(item=item, abstained="refused") for item in refused)
    if not suggested:
        assert failure is not None
        raise failure
    cost = parameters.cost(tokens_in, tokens_out)
    return SuggestionsMade(
        batch=work.batch,
        number=work.number,
        suggester=work.choice.name,
        items=tuple(suggested),
        llm=answers[-1].llm if answers else UNSAID,
        release=(answers[-1].release if answers else None) or UNSAID,
        template=digest(parameters.template),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=UNSAID if cost is None else cost,
        seconds=time.monotonic() - began,
    )


async def _asked_together(
    endpoint: Endpoint, questions: Sequence[ChatQuestion], per_second: float
) -> list[ChatAnswer | BaseException]:
    """The answers. A failure is told before the end where others are waited for longer."""
    tasks = [asyncio.create_task(endpoint.ask(each, per_second)) for each in questions]
    try:
        _, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if waiting:
            _, waiting = await asyncio.wait(waiting, timeout=TOLD_AFTER)
        failures = [task.exception() for task in tasks if task not in waiting]
        for failure in [each for each in failures if waiting and isinstance(each, Unavailable)][:1]:
            logger.warning("%s; %s more answers are waited for", failure, len(waiting))
        return await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        for task in tasks:
            task.cancel()


async def by_functions(state: LoopState, work: NextSuggestions, texts: Sequence[str]) -> SuggestionsMade:
    """What label functions say of the texts, up to one that takes too long. Raises UserError."""
    began, labels, several = time.monotonic(), label_list(state), state.project.is_multi_label
    rules = work.choice.parameters.get("rules") if work.choice.name == RULES else None
    ran = await run(Functions(work.choice.name, rules, labels.choices, several), texts)
    return SuggestionsMade(
        batch=work.batch,
        number=work.number,
        suggester=work.choice.name,
        items=tuple(
            combined(item, votes.votes, labels.names, failed=bool(votes.failed), several=several)
            for item, votes in zip(work.items, ran.votes, strict=False)
        ),
        functions=ran.functions,
        release=ran.release,
        seconds=time.monotonic() - began,
    )


def _question(state: LoopState, work: NextSuggestions, parameters: LlmParameters, text: str) -> ChatQuestion:
    project, labels = at_batch(state, state.batches[work.batch].number), label_list(state)
    several, longest = project.is_multi_label, parameters.max_characters
    return ChatQuestion(
        parameters.model,
        messages(parameters.template, labels, project.guidelines, text, longest, several=several),
        parameters.temperature,
        parameters.max_tokens,
        parameters.timeout,
    )


def _read(state: LoopState, item: int, answer: ChatAnswer) -> SuggestedItem:
    return suggestion(item, answer.content, label_list(state), several=state.project.is_multi_label)


def _has_worked(state: LoopState, work: NextSuggestions) -> bool:
    """Whether the endpoint has answered with these settings, so that it refuses a text for its own sake."""
    first = suggester_at(state, state.batches[work.batch].number).from_batch
    return any(
        made.suggester == LLM and has_answer(suggested)
        for batch in state.batches.values()
        if batch.number >= first
        for made, suggested in made_of(batch)
    )


def _outage(refused: RefusedText) -> Unavailable:
    return Unavailable(f"{refused}: check the model's name and its parameters")
