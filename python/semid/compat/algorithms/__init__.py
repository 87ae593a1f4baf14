"""Encoders."""

from semid.compat.algorithms.rq_kmeans import RQKMeans
from semid.compat.algorithms.rq_vae import RQVAE

__all__ = ["RQKMeans", "RQVAE"]
