"""The keys at the bottom of a screen, made anew only when they have changed."""

from textual.widgets import Footer


class SteadyFooter(Footer):
    """Textual's own makes every key anew each time the focus moves, although most moves change none."""

    _made_of: tuple[object, ...] | None = None

    async def recompose(self) -> None:
        if not self.is_attached or (wanted := self.what_shows()) == self._made_of:
            return
        self._made_of = wanted
        await super().recompose()

    def what_shows(self) -> tuple[object, ...]:
        """All that the keys are made of."""
        return self._bindings_ready, *(
            (binding, self.app.get_key_display(binding), enabled, tooltip)
            for _, binding, enabled, tooltip in self.screen.active_bindings.values()
            if binding.show
        )
