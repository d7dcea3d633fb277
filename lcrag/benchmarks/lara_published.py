"""LaRA's main table: accuracies in percent, long context / retrieval."""

from __future__ import annotations

from collections.abc import Iterator

from lcrag.benchmarks.base import Published

SOURCE = "arXiv 2502.09977, main table"
COLUMNS = ("location", "reasoning", "comparison", "hallucination", "overall")
TABLE = """
32k  Llama-3.1-8B      77.60/73.85  51.65/46.59  58.29/38.06  78.80/83.73  66.58/60.56
32k  Llama-3.2-3B      69.11/71.08  36.60/34.88  31.10/25.02  65.13/79.71  50.48/52.67
32k  Llama-3.3-70B     77.50/79.83  66.43/57.23  65.33/53.13  73.59/86.62  70.71/69.20
32k  Llama-3.3-70B-Q8  78.24/77.86  61.12/58.55  64.83/47.90  74.09/83.95  69.57/67.06
32k  Qwen2.5-7B        78.10/73.70  51.30/48.63  62.35/43.79  76.42/84.36  67.04/62.62
32k  Qwen2.5-72B       83.29/81.63  74.06/65.24  68.89/49.24  85.08/83.76  77.83/69.97
32k  Mistral-Nemo-12B  54.45/72.38  29.81/45.74  29.02/43.63  35.27/71.70  37.14/58.36
32k  GPT-4o            86.33/82.55  75.48/68.51  79.66/46.56  72.30/78.39  78.44/69.00
32k  GPT-4o-mini       79.92/77.69  77.65/62.23  73.91/54.48  52.82/67.17  71.08/65.39
32k  Claude-3.5-sonnet 85.82/83.10  70.42/66.81  66.28/51.38  86.12/90.99  77.16/73.07
32k  Gemini-1.5-pro    78.94/74.71  64.68/53.50  77.34/56.43  84.58/88.03  76.39/68.17
128k Llama-3.1-8B      72.64/72.65  48.48/47.73  40.87/22.27  58.40/78.36  55.10/55.25
128k Llama-3.2-3B      60.96/68.96  33.99/38.86  24.54/20.20  52.06/69.45  42.89/49.37
128k Llama-3.3-70B     74.54/78.11  52.98/59.05  43.09/26.69  44.00/77.67  53.65/60.38
128k Llama-3.3-70B-Q8  72.44/77.99  53.97/58.32  45.32/29.61  38.18/76.87  52.48/60.70
128k Qwen2.5-7B        68.94/74.08  44.69/50.93  39.51/29.17  42.52/71.02  48.91/56.30
128k Qwen2.5-72B       76.10/78.92  65.25/64.37  54.62/36.10  64.45/71.32  65.11/62.68
128k Mistral-Nemo-12B  23.44/72.29  14.87/50.53  7.77/32.59  14.77/57.92  15.21/53.33
128k GPT-4o            87.70/82.22  79.35/70.26  64.74/40.84  56.34/67.33  72.03/65.16
128k GPT-4o-mini       79.86/80.43  67.80/65.15  65.31/41.29  32.08/59.31  61.26/61.55
128k Claude-3.5-sonnet 85.44/80.94  73.79/64.81  58.35/33.18  77.64/84.73  73.81/65.92
128k Gemini-1.5-pro    82.15/75.41  67.97/48.47  61.67/36.54  66.16/78.60  69.49/59.75
"""


def _rows() -> Iterator[Published]:
    for line in TABLE.strip().splitlines():
        length, model, *pairs = line.split()
        percents = [[float(x) for x in pair.split("/")] for pair in pairs]
        for arm, values in zip(("long context", "retrieval"), zip(*percents, strict=True), strict=True):
            yield Published(f"{model}, {arm}, {length}", dict(zip(COLUMNS, values, strict=True)), SOURCE)


PUBLISHED = tuple(_rows())
