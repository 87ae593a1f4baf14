"""A PyTorch Dataset that gives the codes of items to a model, and a training loop over it.

pip install semid torch
python examples/python/torch_dataset.py
"""

import torch
from torch.utils.data import DataLoader, Dataset

import semid


class Items(Dataset):
    """Embeddings and their codes."""

    def __init__(self, vectors: torch.Tensor, model: semid.RQKMeans):
        self.vectors = vectors
        # The tensor's own memory is read, and the codes are taken over without a copy.
        self.codes = torch.from_numpy(model.encode(vectors).astype("int64"))

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, row: int) -> tuple:
        return self.vectors[row], self.codes[row]


torch.manual_seed(0)
vectors = torch.from_numpy(semid.load_demo()[0])
items = Items(vectors, semid.RQKMeans(n_levels=2, n_clusters=32).fit(vectors))

# A network that guesses the first code from the embedding.
network = torch.nn.Linear(vectors.shape[1], 32)
optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
losses = []
for _ in range(5):
    for rows, codes in DataLoader(items, batch_size=256, shuffle=True):
        loss = torch.nn.functional.cross_entropy(network(rows), codes[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
print(f"loss {losses[0]:.3f} at first, {losses[-1]:.3f} at last")
assert losses[-1] < losses[0] / 2
