"""Golden steps of AdamW and learning rates of schedules, by PyTorch in f64: writes tests/spec/optimizer.json."""

import json
import os

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ConstantLR, LinearLR, SequentialLR, StepLR

RULES = [
    {"lr": 1e-2, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0},
    {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weight_decay": 0.2},
]
SCHEDULES = [
    {"schedule": "constant", "warmup": 0},
    {"schedule": "constant", "warmup": 2},
    {"schedule": "cosine", "warmup": 0},
    {"schedule": "cosine", "warmup": 3},
    {"schedule": "step", "warmup": 0, "step_epochs": 2, "gamma": 0.3},
]
STEPS, EPOCHS = 5, 8


def adamw(rule, seed):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(6, generator=generator).double().requires_grad_()
    gradients = torch.randn(40, 6, generator=generator) * torch.tensor([1, 1e-3, 1e3, 1e-6, 0, 1])
    optimizer = torch.optim.AdamW(
        [values], rule["lr"], (rule["beta1"], rule["beta2"]), rule["epsilon"], rule["weight_decay"]
    )
    start, trail = values.tolist(), []
    for gradient in gradients:
        values.grad = gradient.double()
        optimizer.step()
        trail.append(values.tolist())
    return rule | {"start": start, "gradients": gradients.tolist(), "values": trail}


def rates(case):
    optimizer = torch.optim.SGD([torch.zeros(1)], 1.0)
    warm, steps = case["warmup"] * STEPS, EPOCHS * STEPS
    after = {
        "constant": lambda: ConstantLR(optimizer, 1.0, steps),
        "cosine": lambda: CosineAnnealingLR(optimizer, steps - warm),
        "step": lambda: StepLR(optimizer, case["step_epochs"] * STEPS, case["gamma"]),
    }[case["schedule"]]
    if warm:
        rise = LinearLR(optimizer, 1 / warm, 1.0, warm - 1)
        schedule = SequentialLR(optimizer, [rise, after()], [warm])
    else:
        schedule = after()
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return {"step_epochs": 1, "gamma": 1.0} | case | {"steps": STEPS, "epochs": EPOCHS, "rates": found}


if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizer.json")
    golden = {"adamw": [adamw(*case) for case in zip(RULES, [1, 2])], "schedules": [rates(case) for case in SCHEDULES]}
    with open(path, "w") as out:
        out.write(json.dumps(golden) + "\n")
