"""MLflow: runs, parameters, metrics, tables and traces of an experiment, its store and its UI."""
