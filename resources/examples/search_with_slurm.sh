#!/bin/bash
# A search spread over a Slurm cluster: each task of the array is one worker with one GPU.
#
# Begun once, on a machine that reaches the database (it may end as soon as "trial 0" is told):
#   tunevlseg search RECIPE.yaml --study polyps --storage "$STORAGE" --trials 200
# Then:
#   STORAGE=postgresql://me@database.example/studies sbatch search_with_slurm.sh
#
# The password stands in ~/.pgpass (or PGPASSWORD), not in the address: addresses are seen in lists of processes.
# A task that is killed or reaches its time limit costs an epoch: its trial goes on with another worker, from its last
# epoch where the folder of the study (--out) is shared, else from its beginning. Workers end by themselves when the
# study has its trials. A worker that has other data or other weights than the study refuses.
#SBATCH --job-name=tunevlseg-search
#SBATCH --array=0-9
#SBATCH --gpus=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --time=08:00:00
#SBATCH --output=search-%A-%a.log
set -euo pipefail

srun tunevlseg search --worker --study polyps --storage "$STORAGE" \
    --data "${DATA:?the folder of the dataset on this machine}" \
    --out "${OUT:-$HOME/studies/polyps}" --workers 1
