# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
#   nbhosting:
#     title: Quelques villes
# ---

# %% [markdown]
# # Quelques villes
#
# Le fichier `data/cities.csv` donne la latitude de quinze villes. Où le jour change-t-il le plus
# entre juin et décembre ?

# %%
from sun import cities, clock, day_length

villes = cities("data/cities.csv")
print(len(villes), "villes, de", villes[0].name, "à", villes[-1].name)

# %%
for ville in villes:
    juin, decembre = day_length(ville.latitude, 172), day_length(ville.latitude, 355)
    print(f"{ville.name:<12} {clock(juin):>8} en juin {clock(decembre):>8} en décembre")

# %% [markdown]
# Un dessin vaut mieux qu'un tableau : chaque barre va du jour le plus court au plus long.

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(8, 4.5))
for rang, ville in enumerate(reversed(villes)):
    durees = [day_length(ville.latitude, jour) for jour in range(1, 366)]
    ax.barh(rang, max(durees) - min(durees), left=min(durees), height=0.6, color="#118ab2")
ax.set_yticks(range(len(villes)), [ville.name for ville in reversed(villes)])
ax.set_xlim(0, 24)
ax.set_xticks(range(0, 25, 3))
ax.set_xlabel("heures de jour");

# %% [markdown]
# ## À vous
#
# Laquelle de ces villes a le jour le plus long **aujourd'hui** ?
#
# `date.today().timetuple().tm_yday` est le numéro du jour.

# %%
from datetime import date

aujourdhui = date.today().timetuple().tm_yday
# votre code
