#!/usr/bin/python3
"""Trains breast-cancer.onnx, the model of the quick tour, and writes down how good it is.

Needs three Debian packages and no network:  apt-get install python3-sklearn python3-torch python3-onnx
Run:  /usr/bin/python3 examples/breast-cancer/train.py [FOLDER]    (default: the folder of this file)

Writes breast-cancer.onnx, figures.json and patients.json. Split and initial weights are fixed by a seed and
the trained weights are rounded, so a second run with the same packages writes the same bytes.
"""

import hashlib
import json
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import onnx
import sklearn.datasets
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from torch import nn

SEED = 1995  # the year of the data set
HIDDEN = 16
EPOCHS = 300
HELD_OUT = 0.2
THRESHOLD = 0.5
WEIGHT_STEPS = 2**14  # weights are multiples of 1 / 16384

DESCRIPTION = (
    "P(malignant) of a breast mass from 30 measurements of cell nuclei in a fine needle aspirate. "
    "A demonstration, not a medical device. Trained on Breast Cancer Wisconsin (Diagnostic) by "
    "W. H. Wolberg, W. N. Street and O. L. Mangasarian, UCI Machine Learning Repository, 1995, "
    "doi:10.24432/C5DW2B, CC BY 4.0."
)


class Classifier(nn.Module):
    """Raw measurements [batch, 30] in, P(malignant) [batch] out: the caller scales nothing."""

    def __init__(self, training_measurements):
        super().__init__()
        self.register_buffer("mean", training_measurements.mean(dim=0))
        self.register_buffer("deviation", training_measurements.std(dim=0))
        self.layers = nn.Sequential(nn.Linear(30, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))

    def logit(self, measurements):
        return self.layers((measurements - self.mean) / self.deviation).squeeze(1)

    def forward(self, measurements):
        return torch.sigmoid(self.logit(measurements))


def split():
    """Numbers of the patients to train on and of those held out, in the same mix of diagnoses."""
    malignant = load_breast_cancer().target == 0
    training, held_out = train_test_split(
        range(len(malignant)), test_size=HELD_OUT, stratify=malignant, random_state=SEED
    )
    return sorted(training), sorted(held_out)


def train(measurements, malignant):
    """Full batches in double precision on one thread: nothing depends on the order of arrival."""
    torch.manual_seed(SEED)
    model = Classifier(measurements).double()
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    for _ in range(EPOCHS):
        optimiser.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(
            model.logit(measurements), malignant
        )
        loss.backward()
        optimiser.step()
    # Coarser than the rounding errors by which one CPU's sums differ from another's.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.round(parameter * WEIGHT_STEPS) / WEIGHT_STEPS)
    return model.float().eval()


def export(model, path):
    torch.onnx.export(
        model,
        torch.zeros(2, 30),
        str(path),
        opset_version=13,
        input_names=["measurements"],
        output_names=["probability"],
        dynamic_axes={"measurements": {0: "batch"}, "probability": {0: "batch"}},
    )
    exported = onnx.load(str(path))
    exported.doc_string = DESCRIPTION
    onnx.checker.check_model(exported, full_check=True)
    onnx.save(exported, str(path))


def judge(probability, malignant):
    """How often the model is right about patients that it has never seen."""
    called = probability >= THRESHOLD
    return {
        "accuracy": round((called == malignant).double().mean().item(), 4),
        "areaUnderCurve": round(roc_auc_score(malignant, probability), 4),
        "malignantFound": int((called & malignant).sum()),
        "malignantMissed": int((~called & malignant).sum()),
        "benignFound": int((~called & ~malignant).sum()),
        "benignAlarmed": int((called & ~malignant).sum()),
    }


def number(value):
    """As prettier writes it: seven digits, which is all that a float32 holds, and e-7 for e-07."""
    return json.dumps(float(f"{value:.7g}")).replace("e-0", "e-")


def patients_json(rows, measurements, malignant, probability):
    """The held-out patients, laid out as prettier would, thirty measurements to a few lines."""
    patients = []
    for i, row in enumerate(rows):
        values = textwrap.fill(
            ", ".join(number(value) for value in measurements[i].tolist()),
            width=100,
            initial_indent=" " * 6,
            subsequent_indent=" " * 6,
        )
        diagnosis = "malignant" if malignant[i] else "benign"
        patients.append(
            "  {\n"
            f'    "patient": {row + 1},\n'
            f'    "diagnosis": "{diagnosis}",\n'
            f'    "probability": {number(probability[i].item())},\n'
            f'    "measurements": [\n{values}\n    ]\n'
            "  }"
        )
    return "[\n" + ",\n".join(patients) + "\n]\n"


def main(folder):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    data = load_breast_cancer()
    csv = Path(sklearn.datasets.__file__).parent / "data" / data.filename
    measurements = torch.tensor(data.data, dtype=torch.float64)
    malignant = torch.tensor(data.target == 0)
    training, held_out = split()

    model = train(measurements[training], malignant[training].double())
    path = folder / "breast-cancer.onnx"
    export(model, path)

    with torch.no_grad():
        # What the file says, computed more finely than the file does: the reference for other engines.
        probability = model.double()(measurements[held_out].float().double())
    figures = {
        "model": {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
        },
        "data": {
            "patients": len(malignant),
            "trainedOn": len(training),
            "heldOut": len(held_out),
            "sha256": hashlib.sha256(csv.read_bytes()).hexdigest(),
        },
        "heldOut": judge(probability, malignant[held_out]),
        "madeWith": {name: version(name) for name in ("torch", "onnx", "scikit-learn", "numpy")},
    }
    (folder / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    (folder / "patients.json").write_text(
        patients_json(held_out, measurements[held_out], malignant[held_out], probability)
    )
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
