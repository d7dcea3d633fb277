"""An application as an MLflow model; MLflow runs this file ("models from code") wherever the model is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext

from lcrag.commands.application import application_of
from lcrag.serving.chat_format import details_of


class ApplicationModel(PythonModel):  # type: ignore[misc]
    """Answers each row's ``question``; its other columns are further keys of the application's input."""

    application: Any = None

    def load_context(self, context: PythonModelContext) -> None:
        """Make the application from the files that were logged with the model."""
        settings = context.model_config or {}
        folder = Path(context.artifacts["application"])
        router = folder / settings["router"] if settings.get("router") else None
        self.application = application_of(folder, settings.get("strategy", ""), router)

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """A mapping for each question: ``answer``, ``strategy``, ``citations``, ``usage`` and so on."""
        rows = model_input.to_dict("records")
        asked = [{k: v for k, v in row.items() if isinstance(v, str) and v} for row in rows]
        results = self.application.batch(asked)
        return [{"answer": r["answer"], **details_of(r)} for r in results]


mlflow.models.set_model(ApplicationModel())
