"""The optimisers of the tuning bench behind one shape: `suggest() -> params`, `tell(params, value)`.

`suggest` may be called several times before the values arrive: with slots that refill as trials end,
some are always pending. Each import happens in the class that needs it, so that a machine with few of
them runs those.
"""

import json
import math
import os
import subprocess
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")


def processor_time(peer):
    """Seconds of processor time that a peer has had: of this process, or of the filter's."""
    if peer == "mlctl" and Ours.process is not None:
        with open(f"/proc/{Ours.process.pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9
    return time.process_time() if peer != "mlctl" else 0.0


class Ours:
    """The JSON-lines filter, one process for all requests."""

    process = None
    command = os.environ.get("MLCTL_SUGGEST", "suggest").split()

    def __init__(self, problem, seed):
        self.params, self.seed, self.completed, self.pending = problem.params, seed, [], []
        if Ours.process is None:
            Ours.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def suggest(self):
        request = {"params": self.params, "seed": self.seed, "completed": self.completed, "pending": self.pending, "n": 1}
        Ours.process.stdin.write(json.dumps(request) + "\n")
        Ours.process.stdin.flush()
        answer = json.loads(Ours.process.stdout.readline())
        params = answer["suggestions"][0]
        self.pending.append({"params": params})
        return params

    def tell(self, params, value):
        self.pending.remove({"params": params})
        self.completed.append({"params": params, "value": value})


class Random:
    def __init__(self, problem, seed):
        self.params, self.rng = problem.params, np.random.default_rng([1, seed])

    def suggest(self):
        out = {}
        for p in self.params:
            low, high = p.get("low"), p.get("high")
            if p["type"] == "cat":
                out[p["name"]] = p["choices"][self.rng.integers(len(p["choices"]))]
            elif p["type"] == "int" and p.get("log"):
                u = math.exp(self.rng.uniform(math.log(low - 0.5), math.log(high + 0.5)))
                out[p["name"]] = int(min(max(round(u), low), high))
            elif p["type"] == "int":
                out[p["name"]] = int(self.rng.integers(low, high + 1))
            elif p.get("log"):
                out[p["name"]] = float(math.exp(self.rng.uniform(math.log(low), math.log(high))))
            else:
                out[p["name"]] = float(self.rng.uniform(low, high))
        return out

    def tell(self, params, value):
        pass


class Optuna:
    def __init__(self, problem, seed):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study, self.params, self.trials = optuna.create_study(sampler=self.sampler(optuna, seed)), problem.params, []

    def suggest(self):
        trial, out = self.study.ask(), {}
        for p in self.params:
            n = p["name"]
            if p["type"] == "cat":
                out[n] = trial.suggest_categorical(n, p["choices"])
            elif p["type"] == "int":
                out[n] = trial.suggest_int(n, p["low"], p["high"], log=p.get("log", False))
            else:
                out[n] = trial.suggest_float(n, p["low"], p["high"], log=p.get("log", False))
        self.trials.append((out, trial))
        return out

    def tell(self, params, value):
        at = next(i for i, (out, _) in enumerate(self.trials) if out is params or out == params)
        self.study.tell(self.trials.pop(at)[1], value)


class OptunaTpe(Optuna):
    def sampler(self, optuna, seed):
        return optuna.samplers.TPESampler(seed=seed, multivariate=False, constant_liar=True)


class OptunaGp(Optuna):
    def sampler(self, optuna, seed):
        import torch

        torch.set_num_threads(1)
        return optuna.samplers.GPSampler(seed=seed)


class Nevergrad:
    """NGOpt, told how many trials there will be, which it needs to choose its method."""

    workers = 1

    def __init__(self, problem, seed, budget=40):
        import nevergrad as ng

        arguments = {}
        for p in problem.params:
            if p["type"] == "cat":
                arguments[p["name"]] = ng.p.Choice(p["choices"])
            elif p.get("log"):
                arguments[p["name"]] = ng.p.Log(lower=p["low"], upper=p["high"])
            else:
                arguments[p["name"]] = ng.p.Scalar(lower=p["low"], upper=p["high"])
            if p["type"] == "int":
                arguments[p["name"]] = arguments[p["name"]].set_integer_casting()
        space = ng.p.Dict(**arguments)
        space.random_state.seed(seed)
        self.optimizer, self.open = ng.optimizers.NGOpt(space, budget=budget, num_workers=self.workers), []

    def suggest(self):
        candidate = self.optimizer.ask()
        self.open.append((dict(candidate.value), candidate))
        return self.open[-1][0]

    def tell(self, params, value):
        at = next(i for i, (out, _) in enumerate(self.open) if out == params)
        self.optimizer.tell(self.open.pop(at)[1], value)


class Ax:
    def __init__(self, problem, seed):
        import logging

        import torch
        from ax.api.client import Client
        from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

        torch.set_num_threads(1)
        logging.disable(logging.WARNING)
        self.client, self.open = Client(random_seed=seed), []
        parameters = []
        for p in problem.params:
            if p["type"] == "cat":
                kind = "bool" if isinstance(p["choices"][0], bool) else "str"
                parameters.append(ChoiceParameterConfig(name=p["name"], values=p["choices"], parameter_type=kind, is_ordered=False))
            else:
                parameters.append(RangeParameterConfig(
                    name=p["name"], bounds=(p["low"], p["high"]), parameter_type=p["type"],
                    scaling="log" if p.get("log") and p["type"] == "float" else "linear"))
        self.client.configure_experiment(parameters=parameters)
        self.client.configure_optimization(objective="-value")

    def suggest(self):
        (index, params), = self.client.get_next_trials(max_trials=1).items()
        self.open.append((dict(params), index))
        return self.open[-1][0]

    def tell(self, params, value):
        at = next(i for i, (out, _) in enumerate(self.open) if out == params)
        self.client.complete_trial(trial_index=self.open.pop(at)[1], raw_data={"value": (value, 0.0) if self.exact else value})

    exact = False


class Hebo:
    def __init__(self, problem, seed):
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        np.random.seed(seed)
        self.params, space = problem.params, []
        for p in problem.params:
            if p["type"] == "cat":
                space.append({"name": p["name"], "type": "cat", "categories": p["choices"]})
            elif p["type"] == "int":
                space.append({"name": p["name"], "type": "int", "lb": p["low"], "ub": p["high"]})
            else:
                space.append({"name": p["name"], "type": "pow" if p.get("log") else "num", "lb": p["low"], "ub": p["high"], **({"base": 10} if p.get("log") else {})})
        self.optimizer, self.open = HEBO(DesignSpace().parse(space), scramble_seed=seed), []

    def suggest(self):
        frame = self.optimizer.suggest(n_suggestions=1)
        row = frame.iloc[0]
        params = {p["name"]: row[p["name"]] if p["type"] == "cat" else int(row[p["name"]]) if p["type"] == "int" else float(row[p["name"]]) for p in self.params}
        self.open.append((params, frame))
        return params

    def tell(self, params, value):
        at = next(i for i, (out, _) in enumerate(self.open) if out == params)
        self.optimizer.observe(self.open.pop(at)[1], np.array([[value]]))


class Vizier:
    """Google's open implementation; its default algorithm (GP-UCB-PE) driven as a designer."""

    def __init__(self, problem, seed):
        import logging

        import jax
        from vizier import pyvizier as vz
        from vizier._src.algorithms.designers.gp_ucb_pe import VizierGPUCBPEBandit

        logging.disable(logging.WARNING)
        jax.config.update("jax_enable_x64", True)
        self.vz, self.params, self.open, self.closed, self.count = vz, problem.params, [], [], 0
        study = vz.ProblemStatement()
        study.metric_information.append(vz.MetricInformation("value", goal=vz.ObjectiveMetricGoal.MINIMIZE))
        root = study.search_space.root
        for p in problem.params:
            scale = vz.ScaleType.LOG if p.get("log") else vz.ScaleType.LINEAR
            if p["type"] == "cat":
                root.add_categorical_param(p["name"], p["choices"])
            elif p["type"] == "int":
                root.add_int_param(p["name"], p["low"], p["high"], scale_type=scale)
            else:
                root.add_float_param(p["name"], p["low"], p["high"], scale_type=scale)
        self.designer = VizierGPUCBPEBandit(study, rng=jax.random.PRNGKey(seed))

    @staticmethod
    def forget():
        """What JAX has compiled stays mapped for ever otherwise, until no map is left."""
        import jax

        jax.clear_caches()

    def suggest(self):
        from vizier import algorithms as vza

        self.designer.update(vza.CompletedTrials(self.closed), vza.ActiveTrials([t for _, t in self.open]))
        self.closed, self.count = [], self.count + 1
        trial = self.designer.suggest(1)[0].to_trial(self.count)
        values = {p["name"]: trial.parameters.get_value(p["name"]) for p in self.params}
        params = {p["name"]: int(values[p["name"]]) if p["type"] == "int" else values[p["name"]] for p in self.params}
        self.open.append((params, trial))
        return params

    def tell(self, params, value):
        at = next(i for i, (out, _) in enumerate(self.open) if out == params)
        trial = self.open.pop(at)[1]
        trial.complete(self.vz.Measurement(metrics={"value": value}))
        self.closed.append(trial)


class Smac:
    def __init__(self, problem, seed, budget=40):
        import logging
        import tempfile

        from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer
        from smac import HyperparameterOptimizationFacade, Scenario

        logging.disable(logging.CRITICAL)
        space = ConfigurationSpace(seed=seed)
        for p in problem.params:
            if p["type"] == "cat":
                space.add(Categorical(p["name"], p["choices"]))
            elif p["type"] == "int":
                space.add(Integer(p["name"], (p["low"], p["high"]), log=p.get("log", False)))
            else:
                space.add(Float(p["name"], (p["low"], p["high"]), log=p.get("log", False)))
        scenario = Scenario(space, n_trials=budget, seed=seed, deterministic=True, output_directory=tempfile.mkdtemp())
        self.facade, self.open = HyperparameterOptimizationFacade(scenario, lambda config, seed=0: 0.0, overwrite=True), []

    def suggest(self):
        info = self.facade.ask()
        self.open.append((dict(info.config), info))
        return self.open[-1][0]

    def tell(self, params, value):
        from smac.runhistory.dataclasses import TrialValue

        at = next(i for i, (out, _) in enumerate(self.open) if out == params)
        self.facade.tell(self.open.pop(at)[1], TrialValue(cost=value))


PEERS = {"mlctl": Ours, "random": Random, "optuna-tpe": OptunaTpe, "optuna-gp": OptunaGp, "nevergrad": Nevergrad,
         "ax": Ax, "hebo": Hebo, "vizier": Vizier, "smac": Smac}
