"""Says how each batch was answered."""

from labelloop import BatchAnnotated, Consumer, Event, LoopState


class MyConsumer(Consumer):
    """`labelloop run my_consumer --set greeting=Hello`."""

    name = "my_consumer"
    events = (BatchAnnotated,)

    def __init__(self, greeting: str = "Done") -> None:
        self.greeting = greeting

    def handle(self, event: Event, state: LoopState) -> None:
        """The event says what happened; the state is that of its project right after it."""
        answered = event.payload
        assert isinstance(answered, BatchAnnotated)
        labelled = sum(1 for item in answered.items if item.labels)
        done = sum(1 for batch in state.batches.values() if batch.done)
        print(
            f"{self.greeting}: batch {answered.batch}, {labelled} labels, {done} batches in all", flush=True
        )
