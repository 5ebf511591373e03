(** Theorem 3: joint majorants (proofs/joint-majorant.md).

    For any [lam] and any positive parameter, [exp q (w - lam)] has two convex majorants,
      Up s:   s exp (q + (w - lam) / s - 1)            everywhere,
      Down k: - k (1 + q + ln ((lam - w) / k))         where w < lam,
    so a sum of them, one for each follower action, is largest at a corner of a simplex. *)
From Coq Require Import Reals List Lra Lia PeanoNat.
From ExactQSE Require Import Sums.
Import ListNotations.
Open Scope R_scope.

Inductive majorant := Up (s : R) | Down (kappa : R).

Definition majorant_value (lam : R) (m : majorant) (q w : R) : R :=
  match m with
  | Up s => s * exp (q + (w - lam) / s - 1)
  | Down k => - (k * (1 + q + ln ((lam - w) / k)))
  end.

(** Where a majorant may be used. *)
Definition applies (lam : R) (m : majorant) (w : R) : Prop :=
  match m with Up s => 0 < s | Down k => 0 < k /\ w < lam end.

(** Lemma A: they are majorants. *)
Theorem majorant_above lam m q w : applies lam m w -> exp q * (w - lam) <= majorant_value lam m q w.
Proof.
  destruct m as [s|k]; simpl.
  - intros Hs. replace (q + (w - lam) / s - 1) with (q + ((w - lam) / s - 1)) by ring. rewrite exp_plus.
    pose proof (exp_ineq1_le ((w - lam) / s - 1)) as E.
    replace (exp q * (w - lam)) with (exp q * s * (1 + ((w - lam) / s - 1))) by (field; lra).
    replace (s * (exp q * exp ((w - lam) / s - 1))) with (exp q * s * exp ((w - lam) / s - 1)) by ring.
    apply Rmult_le_compat_l; [|exact E]. apply Rmult_le_pos; [apply Rlt_le, exp_pos|lra].
  - intros [Hk Hw]. set (v := q + ln ((lam - w) / k)).
    assert (P : 0 < (lam - w) / k) by (apply Rdiv_lt_0_compat; lra).
    assert (E : exp q * (lam - w) = k * exp v).
    { unfold v. rewrite exp_plus, exp_ln by assumption. field. lra. }
    pose proof (exp_ineq1_le v) as I.
    assert (k * (1 + v) <= k * exp v) by (apply Rmult_le_compat_l; lra).
    replace (1 + q + ln ((lam - w) / k)) with (1 + v) by (unfold v; ring). lra.
Qed.

(** Lemma B: they are convex. *)
Theorem majorant_convex {A} (l : list A) (t : A -> R) lam m (q w : A -> R) : simplex t l ->
  (forall a, In a l -> applies lam m (w a)) ->
  majorant_value lam m (mean t q l) (mean t w l)
  <= mean t (fun a => majorant_value lam m (q a) (w a)) l.
Proof.
  intros Ht Hm. pose proof Ht as [_ H1]. pose proof (simplex_nonempty t l Ht) as Hne.
  destruct m as [s|k]; simpl in *.
  - assert (Hs : 0 < s) by (destruct l as [|a r]; [easy|]; apply (Hm a); now left).
    rewrite mean_scale. apply Rmult_le_compat_l; [lra|].
    replace (mean t q l + (mean t w l - lam) / s - 1)
      with (mean t (fun a => q a + (w a - lam) / s - 1) l); [now apply exp_jensen|].
    rewrite mean_minus, mean_plus, mean_const by assumption. f_equal. f_equal.
    rewrite (mean_ext t (fun a => (w a - lam) / s) (fun a => / s * (w a - lam))) by (intros; unfold Rdiv; ring).
    rewrite mean_scale, mean_minus, mean_const by assumption. unfold Rdiv. ring.
  - assert (Hk : 0 < k) by (destruct l as [|a r]; [easy|]; apply (Hm a); now left).
    assert (E : mean t (fun a => - (k * (1 + q a + ln ((lam - w a) / k)))) l =
                - (k * mean t (fun a => 1 + q a + ln ((lam - w a) / k)) l)).
    { rewrite <- (mean_scale t k). unfold mean. rewrite <- (Rmult_1_l (- _)).
      rewrite <- Ropp_mult_distr_r, Ropp_mult_distr_l, <- rsum_scale. apply rsum_ext. intros; ring. }
    rewrite E. apply Ropp_le_contravar, Rmult_le_compat_l; [lra|]. rewrite mean_plus, mean_plus, mean_const by assumption.
    apply Rplus_le_compat_l.
    replace ((lam - mean t w l) / k) with (mean t (fun a => (lam - w a) / k) l).
    + apply ln_jensen; [assumption|]. intros a Ha. destruct (Hm a Ha). apply Rdiv_lt_0_compat; lra.
    + rewrite (mean_ext t _ (fun a => / k * (lam - w a))) by (intros; unfold Rdiv; ring).
      rewrite mean_scale, mean_minus, mean_const by assumption. unfold Rdiv. ring.
Qed.

(** Lemma C: what grows with [w]: the checker may use upper bounds of the next step. *)
Theorem majorant_monotone lam m q w w' : applies lam m w' -> w <= w' ->
  applies lam m w /\ majorant_value lam m q w <= majorant_value lam m q w'.
Proof.
  destruct m as [s|k]; simpl; intros H Hw.
  - split; [assumption|]. apply Rmult_le_compat_l; [lra|]. apply exp_mono.
    assert ((w - lam) / s <= (w' - lam) / s); [|lra].
    apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, H|lra].
  - destruct H as [Hk H]. split; [lra|]. apply Ropp_le_contravar, Rmult_le_compat_l; [lra|].
    apply Rplus_le_compat_l, ln_mono; [apply Rdiv_lt_0_compat; lra|].
    apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, Hk|lra].
Qed.

(** Theorem 3 on one simplex: what holds at the corners, in sum, holds everywhere. *)
Theorem joint_majorant {A B} (corners : list A) (members : list B) (t : A -> R) lam (m : B -> majorant)
    (q w : B -> A -> R) bound : simplex t corners ->
  (forall b a, In b members -> In a corners -> applies lam (m b) (w b a)) ->
  (forall a, In a corners ->
    rsum (fun b => majorant_value lam (m b) (q b a) (w b a)) members <= bound) ->
  rsum (fun b => exp (mean t (q b) corners) * (mean t (w b) corners - lam)) members <= bound.
Proof.
  intros Ht Hm Hb.
  apply Rle_trans with
    (rsum (fun b => mean t (fun a => majorant_value lam (m b) (q b a) (w b a)) corners) members).
  - apply rsum_le. intros b Hin. eapply Rle_trans; [|apply majorant_convex; [assumption|]; auto].
    apply majorant_above. specialize (fun a => Hm b a Hin). destruct (m b) as [s|k]; simpl in *.
    + destruct corners as [|a r]; [now apply simplex_nonempty in Ht|apply (Hm a); now left].
    + split.
      * destruct corners as [|a r]; [now apply simplex_nonempty in Ht|apply (Hm a); now left].
      * apply mean_strict; [assumption|]. intros a Ha. now apply Hm.
  - unfold mean. rewrite <- rsum_swap.
    rewrite <- (mean_const t bound corners) by apply Ht. apply rsum_le. intros a Ha.
    rewrite rsum_scale. apply Rmult_le_compat_l; [now apply Ht|auto].
Qed.

(** ** Halving a simplex at the midpoint of an edge covers it *)
Section Halving.
Variables (n i j : nat).
Hypotheses (Hi : (i < n)%nat) (Hj : (j < n)%nat) (Hij : i <> j).
Let corners := seq 0 n.

(** Corner [k] is replaced by the midpoint of corners [i] and [j]. *)
Definition moved (k : nat) (f : nat -> R) (a : nat) : R := if (a =? k)%nat then (f i + f j) / 2 else f a.

Definition reweighted (t : nat -> R) (a : nat) : R :=
  if (a =? i)%nat then 2 * t i else if (a =? j)%nat then t j - t i else t a.

Lemma mean_reweighted t f : mean (reweighted t) (moved i f) corners = mean t f corners.
Proof.
  unfold mean, corners. rewrite (rsum_ext (fun a => reweighted t a * moved i f a)
    (fun a => (t a * f a + (if (a =? i)%nat then t i * f j else 0)) + (if (a =? j)%nat then - (t i * f j) else 0))).
  - rewrite !rsum_plus, !rsum_single; [ring|..]; try apply seq_NoDup; apply in_seq; lia.
  - intros a _. unfold reweighted, moved.
    destruct (Nat.eqb_spec a i) as [Ei|Ei]; destruct (Nat.eqb_spec a j) as [Ej|Ej];
      try congruence; try rewrite Ei; try rewrite Ej; field.
Qed.

Lemma reweighted_simplex t : simplex t corners -> t i <= t j -> simplex (reweighted t) corners.
Proof.
  intros [H0 H1] H. split.
  - intros a Ha. unfold reweighted. specialize (H0 a Ha) as H0a.
    destruct (Nat.eqb_spec a i) as [->|]; [lra|]. destruct (Nat.eqb_spec a j) as [->|]; lra.
  - pose proof (mean_reweighted t (fun _ => 1)) as E. unfold mean in E.
    rewrite (rsum_ext (fun a => t a * 1) t) in E by (intros; ring). rewrite <- H1, <- E.
    apply rsum_ext. intros a _. unfold moved. destruct (a =? i)%nat; lra.
Qed.
End Halving.

Lemma moved_sym i j k f a : moved i j k f a = moved j i k f a.
Proof. unfold moved. destruct (a =? k)%nat; lra. Qed.

(** Every point of the simplex is in one half. *)
Theorem halves_cover n i j t : (i < n)%nat -> (j < n)%nat -> i <> j -> simplex t (seq 0 n) ->
  exists k t', (k = i \/ k = j) /\ simplex t' (seq 0 n) /\
    forall f, mean t' (moved i j k f) (seq 0 n) = mean t f (seq 0 n).
Proof.
  intros Hi Hj Hij Ht. destruct (Rle_or_lt (t i) (t j)) as [L|L].
  - exists i, (reweighted i j t). split; [now left|]. split; [now apply reweighted_simplex|].
    intros f. now apply mean_reweighted.
  - exists j, (reweighted j i t). split; [now right|].
    split; [apply reweighted_simplex; auto; lra|]. intros f.
    rewrite (mean_ext _ _ (moved j i j f)) by (intros; apply moved_sym).
    apply mean_reweighted; auto.
Qed.
